"""Policies in the editor: what is in force, what a text comes to, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from handraise.console.policies import Policies, starting_document
from handraise.policy import Examined, default_policy, examine_text
from handraise.review.publishing import BY, DOCUMENT
from handraise.settings import Settings
from tests.support.logged import Log, a_decision, an_empty_log
from tests.support.problems import but_of_crisis
from tests.support.records import FakeRecord


@contextmanager
def policies(log: Log, path: Path | None = None) -> Iterator[Policies]:
    """As a request asks for them."""
    own: dict[str, Any] = {"policy_path": path}
    with log.database.reading() as session:
        yield Policies(session, Settings(**own))


def publish(log: Log, offset: int, business: str, value: str, document: str = "") -> None:
    """A policy on its topic, which the log has read."""
    headers = [(BY, b"Rosa"), (DOCUMENT, document.encode())] if document else []
    key = business.encode()
    record = FakeRecord(
        value.encode(), topic="chat.policies", offset=offset, timestamp=1_000 + offset, key=key, headers=headers
    )
    log.add_records([record])


@pytest.mark.parametrize("business", ["casa-lua", "12", "true", "a: b", 'say "hi"', "# no", "café 🫖", "null", "-"])
def test_the_starting_document_does_what_holds_already(business: str) -> None:
    with an_empty_log() as log, policies(log) as found:
        proposal = found.propose(business, starting_document(business))
        assert but_of_crisis(proposal.problems) == []
        assert proposal.draft is not None
        assert proposal.draft.business_id == business
        assert proposal.version == default_policy(business).version == found.in_force(business).version


def test_a_policy_of_another_business_is_not_one_of_this() -> None:
    with an_empty_log() as log, policies(log) as found:
        proposal = found.propose("a", "owner: Rosa\nbusiness_id: b\n")
    assert [(problem.line, problem.mend) for problem in proposal.errors] == [(2, "write `business_id: a`")]
    assert (proposal.draft, proposal.version) == (None, None)


def test_several_policies_are_not_one() -> None:
    with an_empty_log() as log, policies(log) as found:
        proposal = found.propose("a", "business_id: a\nowner: A\n---\nbusiness_id: b\nowner: B\n")
    assert proposal.draft is None
    assert proposal.errors


def test_an_error_has_its_line_and_a_warning_does_not_hold_it_up() -> None:
    with an_empty_log() as log, policies(log) as found:
        wrong = found.propose("a", "business_id: a\nowner: A\nwithn: 2 hours\n")
        warned = found.propose("a", "business_id: a\nowner: A\ntriggers: {human_request: {enabled: false}}\n")
    assert [(problem.line, problem.mend) for problem in wrong.errors] == [(3, "did you mean `within`?")]
    assert warned.problems
    assert warned.draft is not None


def test_what_was_published_last_is_in_force_with_its_comments() -> None:
    document = "business_id: shop  # ours\nowner: Rosa\n"
    with an_empty_log() as log:
        publish(log, 0, "shop", '{"business_id": "shop", "owner": "Tom"}')
        publish(log, 1, "shop", '{"business_id": "shop", "owner": "Rosa"}', document)
        with policies(log) as found:
            in_force = found.in_force("shop")
            assert in_force.document == document
            assert in_force.publication is not None
            assert in_force.publication.by == "Rosa"
            assert in_force.version == found.propose("shop", document).version
            assert in_force.followed_at is None


def test_workers_follow_it_once_the_newest_decision_names_it() -> None:
    version = default_policy("shop").version
    with an_empty_log() as log:
        log.add(a_decision(1, policy_version="older"), a_decision(2, policy_version=version))
        with policies(log) as found:
            assert found.in_force("shop").followed_at is not None
        log.add(a_decision(3, policy_version="newer"))
        with policies(log) as found:
            assert found.in_force("shop").followed_at is None


def test_a_file_of_the_workers_holds_until_something_is_published(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text("business_id: shop\nowner: Marco\n")
    with an_empty_log() as log:
        with policies(log, file) as found:
            in_force = found.in_force("shop")
            assert (in_force.source, in_force.compiled.rule("complaint").owner) == (
                "from a file of the workers",
                "Marco",
            )
            assert found.in_force("cafe").source == "the built-in default"
        publish(log, 0, "shop", '{"business_id": "shop", "owner": "Tom"}')
        with policies(log, file) as found:
            assert found.in_force("shop").compiled.rule("complaint").owner == "Tom"


def test_a_file_that_something_was_published_over_can_be_gone_back_to(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text("business_id: shop\nowner: Marco\n")
    with an_empty_log() as log:
        with policies(log, file) as found:
            version = found.in_force("shop").version
            assert found.in_force("shop").beneath is None
        publish(log, 0, "shop", '{"business_id": "shop", "owner": "Tom"}')
        publish(log, 1, "cafe", '{"business_id": "cafe", "owner": "Tom"}')
        with policies(log, file) as found:
            beneath = found.in_force("shop").beneath
            assert beneath is not None
            assert beneath.version == version != found.in_force("shop").version
            assert found.in_force("cafe").beneath is None
        publish(log, 2, "shop", "")
        with policies(log, file) as found:
            assert (found.in_force("shop").version, found.in_force("shop").beneath) == (version, None)


def test_the_policy_of_default_serves_a_business_that_has_none() -> None:
    with an_empty_log() as log:
        publish(log, 0, "default", '{"business_id": "default", "owner": "Head office"}')
        with policies(log) as found:
            in_force = found.in_force("shop")
            assert in_force.compiled.rule("complaint").owner == "Head office"
            assert in_force.source == "the policy of “default”"
            # What the editor begins with does the same.
            proposal = found.propose("shop", in_force.document)
            assert proposal.compiled is not None
            assert proposal.compiled.rule("complaint").owner == "Head office"


def test_a_text_inherits_from_what_is_in_force() -> None:
    with an_empty_log() as log:
        publish(log, 0, "hotels", '{"business_id": "hotels", "owner": "Rosa", "within": "2 hours"}')
        with policies(log) as found:
            proposal = found.propose("shop", "business_id: shop\ninherits: hotels\n")
            assert proposal.compiled is not None
            assert proposal.compiled.rule("complaint").owner == "Rosa"
            assert found.propose("shop", "business_id: shop\ninherits: nobody\n").errors


def test_each_policy_that_has_a_part_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(text: str, *more: Any) -> Examined:  # noqa: ANN401 - as `examine_text`
        read.append(text)
        return examine_text(text, *more)

    monkeypatch.setattr("handraise.console.policies.examine_text", counted)
    names = [f"g{number}" for number in range(8)]
    with an_empty_log() as log:
        publish(log, 0, "g0", '{"business_id": "g0", "owner": "Rosa"}')
        for offset, (parent, heir) in enumerate(pairwise(names), start=1):
            publish(log, offset, heir, f'{{"business_id": "{heir}", "inherits": "{parent}"}}')
        with policies(log) as found:
            assert found.in_force("g7").compiled.rule("complaint").owner == "Rosa"
            assert len(read) == len(set(read)) == len(names)
            assert found.propose("g7", "business_id: g7\ninherits: g6\n").compiled is not None
            assert len(read) == len(names) + 1


def test_policies_that_inherit_from_one_another_in_a_circle_are_read_all_the_same() -> None:
    """Each was published when the other was not there yet, or was another."""
    with an_empty_log() as log:
        publish(log, 0, "a", '{"business_id": "a", "inherits": "b", "owner": "Rosa"}')
        publish(log, 1, "b", '{"business_id": "b", "inherits": "a", "owner": "Tom"}')
        with policies(log) as found:
            assert found.in_force("a").compiled.rule("complaint").owner == "Rosa"
