"""Settings are validated at the start, and say how to mend what does not fit."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs

from handraise.cli.configured import warn_of_unknown_settings
from handraise.engine.clients import Clients
from handraise.settings import (
    Delivery,
    DetectorKind,
    Settings,
    SettingsError,
    load_settings,
    unknown_settings,
    unknown_variables,
)

SASL: Final = {
    "HANDRAISE_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "HANDRAISE_SASL_USERNAME": "worker",
    "HANDRAISE_SASL_PASSWORD": "do not tell",
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env`, and no variable of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.upper().startswith("HANDRAISE_"):
            monkeypatch.delenv(name)


def with_environment(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    """The settings of an environment."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_every_setting_has_a_default_and_a_sentence() -> None:
    """The defaults are those of a first try on one machine."""
    for name, field in Settings.model_fields.items():
        assert not field.is_required(), name
        assert (field.description or "").endswith("."), name
    assert load_settings().delivery is Delivery.EXACTLY_ONCE
    assert load_settings().detector is DetectorKind.CAREFUL
    assert load_settings().http_host == "127.0.0.1"


def test_a_value_comes_from_the_environment_then_a_file_then_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first that has one wins."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in ("brokers", "group", "topic_prefix"):
        (secrets / f"handraise_{name}").write_text("secret.")
    (tmp_path / ".env").write_text("HANDRAISE_BROKERS=file\nHANDRAISE_GROUP=file\nOTHER_PROGRAM=1\n")
    found = with_environment(monkeypatch, HANDRAISE_SECRETS_DIR=str(secrets), HANDRAISE_BROKERS="environment")
    assert (found.brokers, found.group, found.topic_prefix) == ("environment", "file", "secret.")


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"HANDRAISE_PARTITIONS": "0"}, "HANDRAISE_PARTITIONS: input should be greater"),
        ({"HANDRAISE_DELIVERY": "at_most_once"}, "HANDRAISE_DELIVERY: input should be 'exactly_once'"),
        ({"HANDRAISE_DETECTOR": "best"}, "HANDRAISE_DETECTOR: input should be 'careful' or 'fast'"),
        ({"HANDRAISE_SECURITY_PROTOCOL": "SASL_SSL"}, "needs HANDRAISE_SASL_USERNAME"),
        ({"HANDRAISE_SASL_USERNAME": "x"}, "set HANDRAISE_SECURITY_PROTOCOL to SASL_SSL"),
        ({"HANDRAISE_SSL_CA_FILE": __file__}, "set HANDRAISE_SECURITY_PROTOCOL to SSL"),
        ({"HANDRAISE_SECURITY_PROTOCOL": "SSL", "HANDRAISE_SSL_KEY_FILE": __file__}, "needs both"),
        ({"HANDRAISE_POLICY_PATH": "nowhere"}, "HANDRAISE_POLICY_PATH names no file"),
        ({"HANDRAISE_SECRETS_DIR": "/nowhere"}, "HANDRAISE_SECRETS_DIR names no folder"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_variable_and_the_mend(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: str
) -> None:
    """One line for each problem."""
    with pytest.raises(SettingsError) as refused:
        with_environment(monkeypatch, **variables)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    "brokers",
    [
        "kafka:port", "kafka:9092,kafka:", "kafka:99999", ",", " ", "kafka:9092 other:9092", "kafka://kafka",
        "10.0.0.5:", "cafe:abc", "1:2:3:99999", ":", "[::1::2]:9092", "fe80::1%eth0", "kafka..svc:9092",
        f"{'k' * 64}:9092",
    ],
)  # fmt: skip
def test_brokers_of_which_the_client_can_make_nothing_are_refused(
    monkeypatch: pytest.MonkeyPatch, brokers: str
) -> None:
    with pytest.raises(SettingsError, match="HANDRAISE_BROKERS: "):
        with_environment(monkeypatch, HANDRAISE_BROKERS=brokers)


@pytest.mark.parametrize(
    "brokers",
    [
        "kafka", "kafka:9092", "kafka-1:9092,kafka-2:9092", "kafka-1:9092, kafka-2:9092,", "[::1]:9092", "::1",
        "[fe80::1%eth0]:9092", "[::ffff:10.0.0.5]", "Kafka_1.Example.com.:9092", "bücher:9092",
    ],
)  # fmt: skip
def test_brokers_are_given_as_the_client_takes_them(monkeypatch: pytest.MonkeyPatch, brokers: str) -> None:
    assert with_environment(monkeypatch, HANDRAISE_BROKERS=brokers).brokers == brokers


@pytest.mark.parametrize("place", [".env", "secrets/handraise_sasl_password"])
def test_a_file_that_cannot_be_read_is_named_without_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / place).write_bytes("HANDRAISE_SASL_PASSWORD=do not tell é".encode("latin-1"))
    with pytest.raises(SettingsError, match=rf"{place} is no text in UTF-8: ") as refused:
        with_environment(monkeypatch, HANDRAISE_SECRETS_DIR=str(tmp_path / "secrets"))
    assert "do not tell" not in str(refused.value)


@pytest.mark.parametrize(("method", "place"), [("iterdir", "secrets"), ("read_text", "secrets/handraise_group")])
def test_a_secret_that_another_user_alone_may_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, place: str
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/handraise_group").write_text("secret")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, method, refuse)
    with pytest.raises(SettingsError, match=rf"{place} cannot be read \(Permission denied\): "):
        with_environment(monkeypatch, HANDRAISE_SECRETS_DIR=str(tmp_path / "secrets"))


def test_the_detector_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert with_environment(monkeypatch, HANDRAISE_DETECTOR="fast").detector is DetectorKind.FAST


def test_no_error_and_no_picture_of_the_settings_shows_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the value that is wrong nor one beside it."""
    with pytest.raises(SettingsError) as refused:
        with_environment(monkeypatch, **SASL, HANDRAISE_PARTITIONS="do not tell")
    assert "do not tell" not in str(refused.value)
    monkeypatch.delenv("HANDRAISE_PARTITIONS")
    assert "do not tell" not in repr(load_settings())


def test_security_reaches_every_kind_of_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Admin, reader, member of the group and producer."""
    settings = with_environment(monkeypatch, **SASL, HANDRAISE_SASL_MECHANISM="SCRAM-SHA-256")
    seen: list[dict[str, object]] = []

    def remember(*_: object, **options: object) -> None:
        seen.append(options)

    for name in ("AIOKafkaAdminClient", "AIOKafkaConsumer", "AIOKafkaProducer"):
        monkeypatch.setattr(f"handraise.engine.clients.{name}", remember)
    clients = Clients(settings)
    for make in (clients.admin, clients.reader, clients.member, clients.producer, lambda: clients.producer("id")):
        make()
    assert len(seen) == 5
    for options in seen:
        assert options["security_protocol"] == "SASL_PLAINTEXT"
        assert options["sasl_mechanism"] == "SCRAM-SHA-256"
        assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("worker", "do not tell")


def test_a_variable_that_is_no_setting_is_told_with_the_nearest_one() -> None:
    """A slip of the pen is not silently a default."""
    found = unknown_variables({"HANDRAISE_DELIVRY": "x", "HANDRAISE_BROKERS": "x", "HANDRAISE_ZZZ": "x", "PATH": "x"})
    assert found == {"HANDRAISE_DELIVRY": "HANDRAISE_DELIVERY", "HANDRAISE_ZZZ": None}


def test_a_slip_of_the_pen_is_told_wherever_settings_are_read_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With where it stands; what is no business of ours, and how it is written, do not matter."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in ("handraise_sasl_pasword", "handraise_sasl_password", "other_program_token"):
        (secrets / name).write_text("do not tell")
    (tmp_path / ".env").write_text("HANDRAISE_DELIVRY=exactly_once\nhandraise_brokers=file\nOTHER_PROGRAM=1\n")
    monkeypatch.setenv("HANDRAISE_SECRETS_DIR", str(secrets))
    monkeypatch.setenv("HANDRAISE_PARTITION", "3")
    monkeypatch.setenv("handraise_group", "x")
    assert unknown_settings() == [
        ("HANDRAISE_PARTITION", "the environment", "HANDRAISE_PARTITIONS"),
        ("HANDRAISE_DELIVRY", ".env", "HANDRAISE_DELIVERY"),
        ("handraise_sasl_pasword", str(secrets), "HANDRAISE_SASL_PASSWORD"),
    ]


def test_the_folder_of_secrets_is_named_in_the_environment_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In `.env` it is ignored, and that is told."""
    (tmp_path / ".env").write_text(f"HANDRAISE_SECRETS_DIR={tmp_path}\n")
    assert [(one.name, one.place) for one in unknown_settings()] == [("HANDRAISE_SECRETS_DIR", ".env")]
    monkeypatch.setenv("HANDRAISE_SECRETS_DIR", str(tmp_path))
    (tmp_path / ".env").unlink()
    assert unknown_settings() == []


def test_the_log_warns_of_it_and_shows_no_value(tmp_path: Path) -> None:
    """With what was meant, where that can be guessed."""
    (tmp_path / ".env").write_text("HANDRAISE_SASL_PASWORD=do not tell\n")
    with capture_logs() as lines:
        warn_of_unknown_settings()
    (line,) = lines
    assert (line["log_level"], line["variable"], line["found_in"], line["meant"]) == (
        "warning",
        "HANDRAISE_SASL_PASWORD",
        ".env",
        "HANDRAISE_SASL_PASSWORD",
    )
    assert "do not tell" not in str(line)
