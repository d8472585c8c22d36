"""What the demo says, in words: an escalation as rows, and the summary. The same in a terminal and in a pipe."""

from __future__ import annotations

from collections.abc import Iterator

from handraise.demo.tally import Tally
from handraise.events import Escalation
from handraise.terminal import printable


def headline(escalation: Escalation) -> str:
    """What has happened, in a few words."""
    kind = f"{escalation.trigger}/{escalation.trigger_class}" if escalation.trigger_class else escalation.trigger
    return f"{escalation.type.value.upper()} {kind}, {escalation.priority.value} priority"


def place(escalation: Escalation) -> str:
    """Whose conversation it is."""
    customer = printable(escalation.customer.name) if escalation.customer and escalation.customer.name else "customer"
    return f"{printable(escalation.business_id)}, {customer}, {printable(escalation.conversation_id)}"


def rows(escalation: Escalation) -> list[tuple[str, str]]:
    """What the human gets and what the customer is told, each with a name."""
    due = f"{escalation.due_at:%a %-d %b %H:%M} UTC"
    return [
        ("why", printable(escalation.reason)),
        ("reply", printable(escalation.reply.text) if escalation.reply else "none, a human is there already"),
        ("owner", f"{printable(escalation.owner)}, queue {printable(escalation.queue)}, due {due}"),
        ("context", printable(escalation.summary)),
    ]


def closing(escalation: Escalation) -> str:
    """One line for an escalation that has ended."""
    because = escalation.closed_because.value if escalation.closed_because else "unknown"
    return f"CLOSED {escalation.trigger}, {because}: {place(escalation)}"


def status(tally: Tally) -> str:
    """Where the run stands."""
    return (
        f"{_many(tally.messages, 'message')}, {_many(tally.conversations, 'conversation')},"
        f" {tally.with_human} with a human now"
    )


def rates(tally: Tally) -> str:
    """The triggers that have fired, with the escalations that they raised per hundred conversations."""
    return "   ".join(f"{rate.trigger} {rate.raised} ({rate.share:.0%})" for rate in tally.rates())


def summary(tally: Tally) -> Iterator[str]:
    """What was counted and measured in this run."""
    total = tally.conversations
    yield f"Summary: {_many(tally.messages, 'message')} in {_many(total, 'conversation')}."
    if not total:
        return
    yield f"{tally.needed_nobody} of {total} conversations ({tally.needed_nobody / total:.0%}) needed nobody."
    found = tally.rates()
    if found:
        yield "Escalations by trigger, with their share of the conversations:"
        width = max(len(rate.trigger) for rate in found)
        for rate in found:
            more = f", and {rate.updated} while another was open" if rate.updated else ""
            yield f"  {rate.trigger:<{width}}  {rate.raised:>4}  {rate.share:>6.1%}{more}"
    delay = tally.delay()
    if delay is not None:
        yield (
            "From a message produced to its escalation consumed, measured here:"
            f" half within {delay.median * 1_000:.0f} ms, 95% within {delay.p95 * 1_000:.0f} ms."
        )


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
