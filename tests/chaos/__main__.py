"""`make chaos`: faults under load, each judged by the oracle.

The long form tries every fault for at least a minute and writes a report; what is done is kept, so that a run that was
cut off goes on where it was. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import structlog

from handraise.settings import Delivery
from tests.chaos.catalogue import FAULTS, Fault, chosen
from tests.chaos.report import write_report
from tests.chaos.results import Results
from tests.chaos.running import run_trial
from tests.chaos.trial import LONG_SECONDS, SHORT_SECONDS, Plan
from tests.support.cluster import ROOT, BrokerUnavailableError

KEPT: Final = ROOT / ".cache" / "chaos.json"


def main() -> int:
    """Run what the command line asks for; 1 if a guarantee was not kept."""
    options = _options().parse_args()
    if options.list:
        for name, fault in FAULTS.items():
            sys.stdout.write(f"{name:24}{fault.about}\n")
        return 0
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    # What was started has to be ended, whatever ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    results = Results(None if options.short else KEPT)
    untried = []
    for name, delivery in chosen(options.fault or FAULTS, short=options.short):
        if name in (options.fault or ()) or options.again or not results.has(name, delivery):
            try:
                _try(name, FAULTS[name], delivery, options, results)
            except BrokerUnavailableError as error:
                untried.append(f"{name} was not tried: {error}")
    if not (options.short or options.fault or untried):
        write_report(results.kept)
    sys.stderr.writelines(f"{line}\n" for line in untried)
    sys.stdout.write(json.dumps(results.summary()) + "\n")
    return 0 if results.hold() and not untried else 1


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the main faults, less long; nothing is kept or reported")
    parser.add_argument("--fault", action="append", choices=list(FAULTS), help="only this one (may be repeated)")
    parser.add_argument("--list", action="store_true", help="name the faults, and end")
    parser.add_argument("--again", action="store_true", help="try again what is done already")
    parser.add_argument(
        "--seconds", type=float, help=f"of each fault (default {LONG_SECONDS:g}, short {SHORT_SECONDS:g})"
    )
    parser.add_argument("--minutes", type=float, help="of the soak (default 20)")
    parser.add_argument("--rate", type=float, default=200.0, help="messages a second (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is drawn by lot (default 1)")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs of brokers and workers")
    return parser


def _try(name: str, fault: Fault, delivery: Delivery, options: argparse.Namespace, results: Results) -> None:
    seconds = options.seconds or (SHORT_SECONDS if options.short else fault.seconds)
    if options.minutes and fault.seconds > LONG_SECONDS:
        seconds = options.minutes * 60
    sys.stdout.write(f"{name}, {delivery.value}: {fault.about}\n")
    sys.stdout.flush()
    folder = Path(tempfile.mkdtemp(prefix=f"chaos-{name}-"))
    began = time.monotonic()
    try:
        plan = Plan(seconds=seconds, rate=options.rate, seed=options.seed)
        verdict = asyncio.run(run_trial(fault.inject, fault.setup, plan, delivery, folder))
    finally:
        if options.keep:
            sys.stdout.write(f"  logs: {folder}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    results.put(name, delivery, verdict, seconds)
    sys.stdout.write(f"  {verdict.line()} ({time.monotonic() - began:.0f} s)\n")
    for problem in (*verdict.findings.examples, *verdict.problems, *verdict.crashes):
        sys.stdout.write(f"  {problem}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
