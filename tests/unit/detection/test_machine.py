"""What a machine printed in place of an answer, and answers that speak of errors."""

from __future__ import annotations

import pytest

from handraise.detection import detect
from handraise.detection.machine import machine_output
from handraise.events import Sender

PRINTED = [
    "Error 503: billing service se response nahi mila.",
    "Fehler 503: Dienst nicht erreichbar.",
    "Erreur 500 : le service ne répond pas.",
    "Erro 502: serviço indisponível",
    "خطأ 500: تعذر الاتصال بالخادم",
    "त्रुटि 503: सेवा उपलब्ध नहीं है",
    "HTTP 500 Internal Server Error",
    "502 Bad Gateway",
    "**504 Gateway Timeout**",
    "⚠️ Error 500: something broke",
    "Error: request timed out",
    "ERROR: null",
    "error: ORDER_LOOKUP_FAILED, see order_lookup",
    "Internal error. Please try again later.",
    "Error interno del servidor.",
    "Interner Serverfehler",
    "Request failed with status code 500",
    "Tool call failed: get_invoice",
    "Invalid response from API",
    "Rate limit exceeded. Please retry after 20 seconds.",
    "TimeoutError: upstream took too long",
    "KeyError: 'order_id'",
    "Traceback (most recent call last):\n  File",
    "Uncaught exception in handler",
    "Cannot read properties of undefined (reading 'id')",
    '{"error": "internal_error"}',
    '```json\n{"error": {"code": 500}}\n```',
    '{"status": 503, "detail": "try later"}',
    '{"name": "get_order", "arguments": {"id": 4}}',
    '<tool_call>{"name": "get_order"}</tool_call>',
    "<|im_start|>assistant",
    "[object Object]",
    "undefined",
    " null ",
]
SAID = [
    "Error E-14 on your display means that the filter is full.",
    "Error 503 on our page means that the server is busy. Wait a minute and reload.",
    "Error 404: that means the page has moved.",
    "Error 12 on this washer is the door lock: press it until it clicks.",
    "Error: that promo code has expired.",
    "Error in my last message: the shop opens at 9.",
    "404 is the room number.",
    "500 g of it costs 4.20.",
    "403 forbidden words? Ha.",
    "Not found any with that name, sorry.",
    "The model is not available in red.",
    "Service is unavailable on Sundays.",
    "Service unavailable: our ferry doesn't run today.",
    "Connection closed on platform 4, take the 14:10.",
    "Network error: please check your router",
    "Null and void, that contract.",
    "None",
    '{"type": "buttons", "options": ["yes", "no"]}',
    "",
]


@pytest.mark.parametrize("text", PRINTED)
def test_what_a_machine_printed_is_found_at_the_beginning(text: str) -> None:
    found = machine_output(text)
    assert found
    start, end = found
    assert start < end <= len(text)


@pytest.mark.parametrize("text", SAID)
def test_who_speaks_of_errors_and_numbers_is_no_machine(text: str) -> None:
    assert machine_output(text) is None


def test_an_ai_that_passes_it_on_has_failed_and_a_customer_who_quotes_it_has_not() -> None:
    text = "502 Bad Gateway"
    ai, customer = detect([text, text], senders=[Sender.ASSISTANT, Sender.CUSTOMER])
    assert ai.fault
    assert [span.signal for span in ai.spans] == ["fault"]
    assert not customer.fault
