"""What README.md quotes is what the reports say; a report that lacks it is an error that names the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from handraise.reference import measured

BENCH = """# Benchmark

    make bench ARGS="--report ops/reports/bench.md"

2026-11-26: 200,000 events, medians of 3 rounds, every contender once a round; 12 minutes. 2 cores
(AMD EPYC), on which Apache Kafka 4.1.0 ran as well.

```json
{"handraise_exactly_once":2470,"engine_exactly_once":89442,"quix_at_least_once":75690,"stock_faust":4874,\
"raw_aiokafka":543295,"latency_ms":{"p50":39.6,"p99":105.5},"restore_1m_s":8.5,"state_bytes":2591,\
"own_us":{"handraise_exactly_once":399,"engine_exactly_once":8,"quix_at_least_once":14,"stock_faust":205,"raw_aiokafka":2}}
```
"""
CHAOS = """# Faults under load

| fault | guarantee | holds | messages | lost | differing | drift | duplicate |
| --- | --- | --- | --- | --- | --- | --- | --- |
| sigkill | exactly-once | yes | 15,901 | 0 | 0 | 0 | 0 |
| sigkill | at-least-once | yes | 14,087 | 0 | 0 | 0 | 7 |
| disk | exactly-once | no | 1,000 | 2 | 0 | 1 | 3 |
"""


def reports(folder: Path, bench: str = BENCH, chaos: str = CHAOS) -> Path:
    for path, text in ((measured.BENCH, bench), (measured.CHAOS, chaos)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def test_the_figures_are_those_of_the_reports(tmp_path: Path) -> None:
    found = measured.measured(reports(tmp_path))
    assert found.startswith("`make bench` ([report](ops/reports/bench.md), 2026-11-26, 200,000 events, 2 cores")
    assert "| Handraise, whole, exactly-once | 2,470 | 399 |" in found
    assert "p50 39.6 ms, p99 105.5 ms. A million conversations are restored in 8.5 s" in found
    assert "2 faults in 3 runs, of which 2 hold. Exactly-once, of 16,901 messages: 2 results lost, 3 twice" in found
    assert "at-least-once, 7 results came again" in found


@pytest.mark.parametrize("lacking", ["    make bench", " 2 cores", "```json"])
def test_a_benchmark_that_lacks_something_is_an_error(tmp_path: Path, lacking: str) -> None:
    with pytest.raises(measured.ReportError, match=r"bench\.md"):
        measured.measured(reports(tmp_path, bench=BENCH.replace(lacking, "")))


def test_a_report_without_its_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(measured.ReportError, match=r"chaos\.md"):
        measured.measured(reports(tmp_path, chaos="# Faults under load\n"))
