"""The policies in force: local files first, published ones over them."""

from __future__ import annotations

import time

import msgspec
import pytest

from handraise.engine.policies import PolicyRefusedError
from handraise.engine.shelf import BookShelf, check_policy
from handraise.events import Policy
from handraise.policy import draft_of


def published(owner: str, business: str = "acme", **more: object) -> bytes:
    """A policy as JSON."""
    return msgspec.json.encode({"business_id": business, "owner": owner, **more})


def owner_of(shelf: BookShelf, business: str = "acme") -> str:
    """Who answers a request for a person."""
    return shelf.policy(business).rule("human_request").owner


def test_a_published_policy_goes_before_the_local_one_until_it_is_removed() -> None:
    """And a business with neither has the default."""
    shelf = BookShelf([draft_of(Policy(business_id="acme", owner="Local"))])
    assert (owner_of(shelf), owner_of(shelf, "other"), shelf.businesses) == ("Local", "our team", 1)
    shelf.accept(b"acme", published("Rosa"))
    shelf.accept(b"cafe", published("Ann", "cafe"))
    assert (owner_of(shelf), owner_of(shelf, "cafe"), shelf.businesses) == ("Rosa", "Ann", 2)
    assert shelf.remove(b"acme")
    assert shelf.remove(b"cafe")
    assert (owner_of(shelf), owner_of(shelf, "cafe"), shelf.businesses) == ("Local", "our team", 1)
    assert not shelf.remove(b"acme")


def test_a_bad_policy_is_refused_with_its_path_and_the_one_before_stays() -> None:
    """The check without a shelf says the same."""
    shelf = BookShelf()
    shelf.accept(b"acme", published("Rosa"))
    bad = published("Rosa", ownr="X")
    with pytest.raises(PolicyRefusedError, match="ownr") as refused:
        shelf.accept(b"acme", bad)
    assert check_policy(b"acme", bad) == str(refused.value)
    assert owner_of(shelf) == "Rosa"
    assert check_policy(b"acme", published("Rosa")) is None


@pytest.mark.parametrize("key", [None, b"another", b"\xff"])
def test_a_policy_under_another_key_than_its_business_is_refused(key: bytes | None) -> None:
    """Compaction would not know that it replaces the one before."""
    assert "business_id" in (check_policy(key, published("Rosa")) or "")


def test_the_version_names_the_set_and_not_the_order_in_which_it_came() -> None:
    """Two workers that agree show the same one."""
    one, other = BookShelf(), BookShelf()
    assert one.version == other.version
    one.accept(b"a", published("Rosa", "a"))
    one.accept(b"b", published("Ann", "b"))
    other.accept(b"b", published("Someone", "b"))
    assert one.version != other.version
    other.accept(b"b", published("Ann", "b"))
    other.accept(b"a", published("Rosa", "a"))
    assert one.version == other.version


def test_own_triggers_of_every_policy_in_force_are_named() -> None:
    """They become labels of metrics."""
    shelf = BookShelf()
    assert list(shelf.own_triggers) == []
    own = {"refund": {"when": {"keywords": ["refund please"]}}}
    shelf.accept(b"acme", published("Rosa", own_triggers=own))
    assert list(shelf.own_triggers) == ["refund"]


def test_a_base_may_be_published_before_or_after_its_heirs() -> None:
    """What is in force, and the version of it all, follow from what is there."""
    base = published("Group", "hotels", queue="all")
    heir = msgspec.json.encode({"business_id": "acme", "inherits": "hotels", "within": "2 hours"})
    one, other = BookShelf(), BookShelf()
    one.accept(b"hotels", base)
    one.accept(b"acme", heir)
    other.accept(b"acme", heir)
    assert (owner_of(other), list(other.without_base)) == ("our team", ["acme"])
    other.accept(b"hotels", base)
    assert (owner_of(one), owner_of(other), list(other.without_base)) == ("Group", "Group", [])
    assert one.version == other.version
    assert one.policy("acme").version == other.policy("acme").version
    one.accept(b"hotels", published("Others", "hotels"))
    assert owner_of(one) == "Others"
    assert one.remove(b"hotels")
    assert (owner_of(one), list(one.without_base)) == ("our team", ["acme"])


def test_a_published_base_serves_the_heirs_of_the_files_and_the_other_way_round() -> None:
    """And the base of the files comes back when the published one is removed."""
    shelf = BookShelf([draft_of(Policy(business_id="default", owner="Filed"))])
    heir = msgspec.json.encode({"business_id": "acme", "inherits": "default"})
    shelf.accept(b"acme", heir)
    assert (owner_of(shelf), owner_of(shelf, "unheard of")) == ("Filed", "Filed")
    shelf.accept(b"default", published("Published", "default"))
    assert (owner_of(shelf), owner_of(shelf, "unheard of")) == ("Published", "Published")
    shelf.remove(b"default")
    assert owner_of(shelf) == "Filed"


def test_the_check_of_a_policy_does_not_depend_on_its_base() -> None:
    """A record is judged alone, by whichever worker has its partition."""
    assert (
        check_policy(b"acme", b'{"business_id":"acme","inherits":"hotels","own_triggers":{"x":{"owner":"A"}}}') is None
    )
    assert "fires on every" in (
        check_policy(b"acme", b'{"business_id":"acme","inherits":"hotels","triggers":{"complaint":{"threshold":0}}}')
        or ""
    )


def test_a_base_of_many_heirs_is_taken_at_once() -> None:
    """What they come to is worked out when they are next asked for."""
    shelf = BookShelf([draft_of(Policy(business_id="default", owner="Old"))])
    for number in range(300):
        shelf.accept(f"b{number}".encode(), msgspec.json.encode({"business_id": f"b{number}", "inherits": "default"}))
    before = shelf.policy("b7")
    began = time.perf_counter()
    shelf.accept(b"default", published("New", "default"))
    took = time.perf_counter() - began
    began = time.perf_counter()
    owners = {owner_of(shelf, f"b{number}") for number in range(300)}
    assert took < (time.perf_counter() - began) / 3
    assert owners == {"New"}
    assert shelf.policy("b7") is not before
