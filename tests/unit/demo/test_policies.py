"""The policies of the demo: they name people and times, and change nothing about what is raised."""

from __future__ import annotations

from handraise.conversation import Processor
from handraise.demo.installation import POLICIES
from handraise.demo.samples import Sample, load_samples
from handraise.detection import detection
from handraise.policy import PolicyBook, examine


def raised(sample: Sample, book: PolicyBook) -> list[tuple[str, str, str]]:
    """What is published of the escalations of a sample."""
    processor = Processor(book.__getitem__, *detection(fast=True))
    return [
        (event.type.value, event.trigger, event.caused_by)
        for processed in processor.process(sample.messages, lambda _: None)
        for event in processed.effects.escalations
    ]


def test_they_have_no_problems() -> None:
    assert examine(POLICIES).problems == []


def test_they_raise_what_the_default_raises() -> None:
    examined = examine(POLICIES)
    named = {policy.business_id for policy in examined.policies}
    samples = [sample for sample in load_samples() if sample.conversation.business in named]
    assert {sample.conversation.business for sample in samples} == named
    book, default = PolicyBook(examined.policies), PolicyBook()
    assert [raised(sample, book) for sample in samples] == [raised(sample, default) for sample in samples]
