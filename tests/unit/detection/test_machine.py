"""What a machine printed in place of an answer, and answers that speak of errors."""

from __future__ import annotations

import time

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
    "psycopg2.OperationalError: could not connect to server: Connection refused",
    "System.NullReferenceException: Object reference not set to an instance of an object.",
    "'NoneType' object has no attribute 'get'",
    "openai.RateLimitError: You exceeded your current quota, please check your plan and billing details.",
    "Rate limit reached for the large model in your organization. Please try again in 2.1s.",
    "Agent stopped due to iteration limit or time limit.",
    "Thought: I need to look up the order.\nAction: order_lookup\nAction Input: 88121",
    '{"success": false, "error": "Order service unreachable"}',
    '{"action": "order_lookup", "action_input": {"order_id": "88121"}}',
    '{"message": "Internal server error"}',
    "<!DOCTYPE html>\n<html>\n<head><title>502 Bad Gateway</title></head>",
    "<think>The customer wants a refund but policy says",
    '[TOOL_CALLS][{"name": "get_order"}]',
    "Hello {{customer_name}}, your order {{order_id}} has been shipped.",
    "connect ECONNREFUSED 10.0.0.12:5432",
    "14 UNAVAILABLE: failed to connect to all addresses",
    "HTTP 429",
    "HTTP Error 503: Service Unavailable",
    "Error 500: could not process your order",
    "Error 500: no se pudo procesar su pedido",
    "Exception: connection refused",
    '{\n  "status": 503,\n  "detail": "try later"\n}',
    '{\n  "name": "get_order",\n  "arguments": {}\n}',
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
    "HTTP 401 Unauthorized: your API key is missing or wrong. Put it in the Authorization header.",
    "404 Not Found: the resource with that id doesn't exist. Check the id in the path.",
    "502 Bad Gateway: the proxy cannot reach the process. Restart it with systemctl.",
    "Rate limit exceeded. On the Free plan you have 1,000 calls a day; the Pro plan has 50,000.",
    "KeyError: 'email' comes from your row 14, where the column is called e-mail.",
    "Uncaught exception handling is described in chapter 4 of the guide.",
    "Fatal error 0x80070057 in the update can be fixed by emptying the folder.",
    '{"status": 404, "message": "not found"} is returned for unknown ids.',
    '```json\n{"error": {"code": 404}}\n```\nThat is the body you will receive when the id is unknown.',
    "`<tool_call>` tags are shown if your template lacks the chat format.",
    "The model is not available. We stopped selling it; the newer one replaces it.",
    "Fehler 404: Diese Seite gibt es nicht mehr, hier ist die neue: example.de/versand",
    "Internal error on the display of your boiler: turn it off at the mains for a minute.",
    "Null and void, that contract.",
    "None",
    "Null.",
    "Exception: sale items cannot be returned.",
    "Error: the total is 450 euros, not 540.",
    "finish_reason tells you why the model stopped.",
    "That is not a valid tool for this job.",
    "Rate limit reached for your plan: that is 60 calls a minute.",
    '{"error": null, "eta": "Tuesday"}',
    '{"error": {"code": 404}} is the body. ' + 'It says "not found" to whoever asks for an id that is unknown. ' * 10,
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


@pytest.mark.parametrize(
    "text",
    [
        "_a" * 2_000,
        "a." * 2_000,
        "{" + "a" * 4_000,
        "error: " + "a_" * 2_000,
        "[" * 4_000,
        '{"error": 1}' + "`" * 4_000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    for _ in range(20):
        machine_output(text)
    assert time.process_time() - began < 1.0


def test_an_ai_that_passes_it_on_has_failed_and_a_customer_who_quotes_it_has_not() -> None:
    text = "502 Bad Gateway"
    ai, customer = detect([text, text], senders=[Sender.ASSISTANT, Sender.CUSTOMER])
    assert ai.fault
    assert [span.signal for span in ai.spans] == ["fault"]
    assert not customer.fault
