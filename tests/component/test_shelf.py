"""The policies in force: local files first, published ones over them."""

from __future__ import annotations

import msgspec
import pytest

from handraise.engine.policies import PolicyRefusedError
from handraise.engine.shelf import BookShelf, check_policy
from handraise.events import Policy


def published(owner: str, business: str = "acme", **more: object) -> bytes:
    """A policy as JSON."""
    return msgspec.json.encode({"business_id": business, "owner": owner, **more})


def owner_of(shelf: BookShelf, business: str = "acme") -> str:
    """Who answers a request for a person."""
    return shelf.policy(business).rule("human_request").owner


def test_a_published_policy_goes_before_the_local_one_until_it_is_removed() -> None:
    """And a business with neither has the default."""
    shelf = BookShelf([Policy(business_id="acme", owner="Local")])
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
