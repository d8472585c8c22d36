"""The worker detects as its setting says, and `replay` beside it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from handraise import app
from handraise.cli import main
from handraise.demo.samples import load_samples
from handraise.detection import detection
from handraise.events import encode
from handraise.settings import DetectorKind, load_settings
from tests.support.steps import through


@pytest.mark.parametrize(("kind", "options"), [(DetectorKind.CAREFUL, []), (DetectorKind.FAST, ["--fast"])])
def test_replay_gives_the_bytes_of_a_worker_with_the_same_detector(
    kind: DetectorKind,
    options: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    """And the worker's metrics name the version that goes on its events."""
    made: list[app.Parts] = []
    monkeypatch.setattr(app, "build_app", lambda _, parts: made.append(parts))
    monkeypatch.setattr(app, "count_retries", lambda _: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HANDRAISE_DETECTOR", kind)
    app.create_app(load_settings())
    (parts,) = made

    messages = [message for sample in load_samples()[:10] for message in sample.messages]
    folded = asyncio.run(through(parts.step, messages))
    decisions = [encode(decision) for result in folded.results for decision in result.effects.decisions]
    file = tmp_path / "messages.jsonl"
    file.write_bytes(b"".join(encode(message) + b"\n" for message in messages))
    assert main(["replay", str(file), "--output", "decisions", *options]) == 0
    assert capsysbinary.readouterr().out.splitlines() == decisions

    version = detection(fast=kind is DetectorKind.FAST).version
    assert f'"detector_version":"{version}"'.encode() in decisions[0]
    (build,) = [
        sample
        for family in parts.registry.collect()
        for sample in family.samples
        if sample.name == "handraise_build_info"
    ]
    assert build.labels["detector_version"] == version
