"""The settings of the worker: one class; every option has a type, a default, a unit and a sentence.

Values come from environment variables (`HANDRAISE_BROKERS=…`), from `.env` in the working directory, or from one file
each in a folder of secrets (`/run/secrets/handraise_sasl_password`, or the folder named by `HANDRAISE_SECRETS_DIR`);
the first that has a value wins.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated, Final, NamedTuple, Self

from pydantic import Field, FilePath, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

PREFIX: Final = "HANDRAISE_"
SECRETS_DIR: Final = "HANDRAISE_SECRETS_DIR"
DEFAULT_SECRETS_DIR: Final = Path("/run/secrets")
_ADDRESS: Final = re.compile(r"(?:\[(?P<ipv6>[^\s\[\]]+)\]|(?P<name>[^\s:/\[\]]+))(?::(?P<port>\d{1,5}))?")
_LAST_PORT: Final = 65_535


class Delivery(StrEnum):
    """What a consumer of the output topics may see after a crash."""

    EXACTLY_ONCE = "exactly_once"
    AT_LEAST_ONCE = "at_least_once"


class DetectorKind(StrEnum):
    """How much is spent on telling what a message says."""

    CAREFUL = "careful"
    FAST = "fast"


class SecurityProtocol(StrEnum):
    """How the connection to the brokers is secured."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"


class SaslMechanism(StrEnum):
    """How the worker proves who it is to the brokers."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


class LogFormat(StrEnum):
    """How log lines look."""

    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """The least severe log lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class SettingsError(ValueError):
    """Settings that do not hold; the message names each variable and what to change."""


class Settings(BaseSettings):
    """Every option of the worker and of `handraise topics create`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    brokers: Annotated[str, Field(min_length=1)] = Field(
        "127.0.0.1:9092", description="Kafka brokers to begin with, `host:port`, separated by commas."
    )
    group: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,200}$")] = Field(
        "handraise", description="Consumer group; workers of one group share the partitions, and own one state."
    )
    group_instance_id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,200}$")] | None = Field(
        None,
        description="A name for this worker that no other of the group has, and that it keeps when it is restarted: if"
        " it is back within the session timeout, its partitions stay with it and no other worker pauses.",
    )
    topic_prefix: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{0,100}$")] = Field(
        "", description="Put in front of every topic name, so that several installations can share a cluster."
    )
    delivery: Delivery = Field(
        Delivery.EXACTLY_ONCE,
        description="`exactly_once` needs a broker with transactions; under `at_least_once` consumers drop repeats by"
        " the ids, which are the same in each copy.",
    )

    security_protocol: SecurityProtocol = Field(
        SecurityProtocol.PLAINTEXT, description="How the connection to the brokers is secured."
    )
    sasl_mechanism: SaslMechanism = Field(
        SaslMechanism.SCRAM_SHA_512, description="How the worker proves who it is, with a SASL protocol."
    )
    sasl_username: str | None = Field(None, description="User name for SASL.")
    sasl_password: SecretStr | None = Field(None, description="Password for SASL; better as a secret file.")
    ssl_ca_file: FilePath | None = Field(
        None, description="Authorities that the brokers' certificates are checked against; none means the system's."
    )
    ssl_certificate_file: FilePath | None = Field(None, description="The worker's own certificate, for mutual TLS.")
    ssl_key_file: FilePath | None = Field(None, description="The key of the worker's own certificate.")
    ssl_key_password: SecretStr | None = Field(None, description="Password of that key; better as a secret file.")

    partitions: Annotated[int, Field(ge=1, le=1_000)] = Field(
        12,
        description="Partitions of each topic that `topics create` makes: the most workers that can share the load."
        " It cannot be changed later without starting the state anew.",
    )
    replication_factor: Annotated[int, Field(ge=1, le=9)] | None = Field(
        None,
        description="Copies of each partition that `topics create` asks for; none means 3, or as many as there are"
        " brokers if they are fewer. With 3 or more, it sets `min.insync.replicas` to 2.",
    )
    retention_days: Annotated[int, Field(ge=1, le=3_650)] = Field(
        30, description="Days that messages, outcomes, escalations, decisions and dead letters are kept."
    )

    policy_path: Path | None = Field(
        None, description="YAML file or folder with policies; one published to `chat.policies` goes before it."
    )

    detector: DetectorKind = Field(
        DetectorKind.CAREFUL,
        description="`careful` asks a network about what phrases and n-grams leave in doubt; `fast` does without"
        " it, at half the cost or less, and misses more.",
    )

    reader_threads: Annotated[int, Field(ge=1, le=64)] = Field(
        2,
        description="Texts that the network of the `careful` detector reads at the same time, while the worker folds"
        " others; never more than the processors that it may run on. A quota of their time, such as a container's limit"
        " on Kubernetes, is not seen: set no more than it allows.",
    )

    log_database_url: SecretStr | None = Field(
        None,
        description="Where the escalation log is kept: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`,"
        " better as a secret file; none means `handraise.sqlite3` in the working directory.",
    )
    log_mask_contacts: bool = Field(
        True,
        description="Whether the log masks e-mail addresses and phone numbers; card numbers, IBANs, passwords and"
        " tokens it masks in any case.",
    )
    log_decision_days: Annotated[int, Field(ge=1, le=36_500)] = Field(
        90, description="Days that the log keeps decisions: what fired, was suppressed, came near or was missed."
    )
    log_escalation_days: Annotated[int, Field(ge=1, le=36_500)] = Field(
        730, description="Days that the log keeps escalations, with what people did about them."
    )
    log_http_port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        9465, description="Port for `/metrics`, `/healthz` and `/readyz` of `handraise log`, on the same address."
    )
    log_batch_records: Annotated[int, Field(ge=1, le=50_000)] = Field(
        2_000, description="The most records that the log writes in one transaction of its database."
    )

    batch_records: Annotated[int, Field(ge=1, le=10_000)] = Field(
        2_000,
        description="The most records of a partition in one batch, which is one transaction; where a record takes long,"
        " a batch has fewer.",
    )
    fetch_bytes: Annotated[int, Field(ge=65_536, le=67_108_864)] = Field(
        1_048_576,
        description="Bytes of a partition unpacked ahead, of each topic, and half as many in one fetch. It bounds the"
        " memory for records to come, however well they are compressed, since they are unpacked from one batch of a"
        " producer after the other. With 262144 and four partitions, a backlog of 55 MB cost a worker 6 MB, compressed"
        " or not.",
    )
    concurrency: Annotated[int, Field(ge=1, le=256)] = Field(
        16, description="Partitions whose batches are in hand at the same time."
    )
    timer_grace_seconds: Annotated[float, Field(ge=0, le=3_600)] = Field(
        30.0,
        description="Seconds after which a timer of a conversation in which nothing happens fires late, so that events"
        " of its time that are still on their way go first.",
    )
    bad_records_in_a_row: Annotated[int, Field(ge=0)] = Field(
        1_000,
        description="Records of a partition in a row that may all be unusable before the worker stops instead of"
        " sending them to the dead letters; 0 is no limit.",
    )
    bad_records_share: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.9,
        description="The share of a partition's newest records that may be unusable before the same; 0 is no limit.",
    )
    bad_records_window: Annotated[int, Field(ge=20, le=1_000_000)] = Field(
        2_000, description="How many of its newest records that share is of."
    )
    session_timeout_seconds: Annotated[float, Field(ge=1, le=300)] = Field(
        10.0, description="Seconds without a sign of life after which a worker's partitions go to the others."
    )
    transaction_timeout_seconds: Annotated[float, Field(ge=1, le=900)] = Field(
        30.0, description="Seconds after which the broker aborts a transaction that nobody ends."
    )

    http_host: str = Field(
        "127.0.0.1", description="Address for `/metrics`, `/healthz` and `/readyz`; `0.0.0.0` opens it to the network."
    )
    http_port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        9464, description="Port for the same; 0 takes a free one, which the log names."
    )
    console_host: str = Field(
        "127.0.0.1", description="Address of `handraise console`; whoever can reach it still needs its token."
    )
    console_port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        8480, description="Port for the same; 0 takes a free one, which is printed."
    )
    console_token: Annotated[SecretStr, Field(min_length=20)] | None = Field(
        None,
        description="What people sign in with; better as a secret file. None makes a new one at each start, which is"
        " printed.",
    )
    console_origin: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")] | None = Field(
        None,
        description="The address under which people open the console through a proxy, for example"
        " `https://handraise.example.com`; none means its own.",
    )
    console_session_hours: Annotated[float, Field(gt=0, le=720)] = Field(
        12.0, description="Hours after which one has to sign in to the console again."
    )
    console_trial_messages: Annotated[int, Field(ge=1_000, le=10_000_000)] = Field(
        200_000, description="The most messages that trying a policy on the past in the console reads from Kafka."
    )

    log_level: LogLevel = Field(LogLevel.INFO, description="The least severe log lines that are written.")
    log_format: LogFormat = Field(LogFormat.AUTO, description="`auto` is readable on a terminal, otherwise JSON lines.")

    @property
    def broker_addresses(self) -> list[str]:
        """Each of the brokers; a comma too many names none."""
        return _listed(self.brokers)

    @property
    def uses_sasl(self) -> bool:
        """Whether the security protocol asks for a user name and password."""
        return self.security_protocol in {SecurityProtocol.SASL_PLAINTEXT, SecurityProtocol.SASL_SSL}

    @property
    def uses_tls(self) -> bool:
        """Whether the security protocol encrypts."""
        return self.security_protocol in {SecurityProtocol.SSL, SecurityProtocol.SASL_SSL}

    @field_validator("brokers")
    @classmethod
    def _brokers_are_addresses(cls, value: str) -> str:
        brokers = _listed(value)
        if not brokers or not all(_is_address(broker) for broker in brokers):
            raise ValueError("give each broker as `host:port`, separated by commas")
        return value

    @model_validator(mode="after")
    def _options_fit_together(self) -> Self:
        if self.uses_sasl and (not self.sasl_username or self.sasl_password is None):
            raise ValueError(
                f"{PREFIX}SECURITY_PROTOCOL={self.security_protocol} needs {PREFIX}SASL_USERNAME and"
                f" {PREFIX}SASL_PASSWORD: set both"
            )
        if not self.uses_sasl and (self.sasl_username or self.sasl_password):
            raise ValueError(
                f"{PREFIX}SASL_USERNAME or {PREFIX}SASL_PASSWORD is set but would not be used: set"
                f" {PREFIX}SECURITY_PROTOCOL to SASL_SSL, or remove them"
            )
        if not self.uses_tls and (self.ssl_ca_file or self.ssl_certificate_file or self.ssl_key_file):
            raise ValueError(
                f"{PREFIX}SSL_… is set but the connection is not encrypted: set {PREFIX}SECURITY_PROTOCOL to SSL or"
                " SASL_SSL, or remove it"
            )
        if (self.ssl_certificate_file is None) != (self.ssl_key_file is None):
            raise ValueError(f"mutual TLS needs both {PREFIX}SSL_CERTIFICATE_FILE and {PREFIX}SSL_KEY_FILE")
        if self.policy_path is not None and not self.policy_path.exists():
            raise ValueError(f"{PREFIX}POLICY_PATH names no file or folder: mend the path, or remove it")
        return self


class UnknownSetting(NamedTuple):
    """A name that begins like a setting but is none: as it is written, where it stands, and the nearest real one."""

    name: str
    place: str
    near: str | None


def load_settings() -> Settings:
    """Read the settings from the environment, `.env` and the folder of secrets.

    Raises:
        SettingsError: a value does not fit; the message names the variable and the mend, and never a value.
    """
    folder = _secrets_dir()
    if os.environ.get(SECRETS_DIR) and not folder.is_dir():
        raise SettingsError(f"{SECRETS_DIR} names no folder: mend the path, or remove it")
    _check_files(folder)
    try:
        return Settings(_secrets_dir=folder if folder.is_dir() else None)  # type: ignore[call-arg] # pydantic-settings takes it at run time
    except ValidationError as error:
        raise SettingsError("\n".join(_problem(detail) for detail in error.errors(include_input=False))) from None


def unknown_variables(environ: Mapping[str, str]) -> dict[str, str | None]:
    """Variables that begin like a setting but are none, each with the nearest real one if there is a near one."""
    return _strange(environ, _known() | {SECRETS_DIR})


def unknown_settings() -> list[UnknownSetting]:
    """What begins like a setting but is none, wherever settings are read from."""
    folder = _secrets_dir()
    # The folder of secrets itself is named in the environment only.
    found = {
        "the environment": unknown_variables(os.environ),
        ".env": _strange((name.upper() for name in DotEnvSettingsSource(Settings).env_vars), _known()),
        str(folder): _strange((file.name for file in folder.iterdir()) if folder.is_dir() else (), _known()),
    }
    return [UnknownSetting(name, place, near) for place, names in found.items() for name, near in names.items()]


def _secrets_dir() -> Path:
    named = os.environ.get(SECRETS_DIR)
    return Path(named) if named else DEFAULT_SECRETS_DIR


def _check_files(folder: Path) -> None:
    """Read `.env` and the secrets once before: pydantic names neither the file that it cannot read, nor why."""
    file = folder
    try:
        secrets = [one for one in folder.iterdir() if one.name.upper() in _known()] if folder.is_dir() else []
        for file in (Path(str(Settings.model_config["env_file"])), *secrets):
            if file.is_file():
                file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SettingsError(f"{file} is no text in UTF-8: write it anew") from None
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({error.strerror}): let the user who runs this read it") from None


def _known() -> set[str]:
    return {PREFIX + name.upper() for name in Settings.model_fields}


def _strange(names: Iterable[str], known: Collection[str]) -> dict[str, str | None]:
    # Upper and lower case are the same to a setting.
    strange = (name for name in names if name.upper().startswith(PREFIX) and name.upper() not in known)
    return {name: next(iter(difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.8)), None) for name in strange}


def _is_address(broker: str) -> bool:
    """Whether the client can make out a host, and a port if there is one; an IPv6 address may lack its brackets."""
    found = _ADDRESS.fullmatch(broker)
    if found is None:
        return _is_ipv6(broker) and "%" not in broker
    if int(found["port"] or 0) > _LAST_PORT:
        return False
    return _is_name(found["name"]) if found["name"] else _is_ipv6(found["ipv6"])


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _is_name(text: str) -> bool:
    """Whether the system can look a host up by this name: it asks for no empty part, and none of 64 letters."""
    try:
        text.encode("idna")
    except UnicodeError:
        return False
    return True


def _listed(brokers: str) -> list[str]:
    return [broker for one in brokers.split(",") if (broker := one.strip())]


def _problem(detail: Mapping[str, object]) -> str:
    path, message = detail["loc"], str(detail["msg"]).removeprefix("Value error, ")
    if not isinstance(path, tuple) or not path:
        return message
    return f"{PREFIX}{str(path[0]).upper()}: {message[0].lower()}{message[1:]}"
