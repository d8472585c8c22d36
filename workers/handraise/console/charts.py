"""Small charts as SVG, made here: no script, no style of their own, and the figures in words beside each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from handraise.console import words
from handraise.intervals import Share
from handraise.review.queries import ScoreHistogram

WIDTH: Final = 320
HEIGHT: Final = 64
_AXIS: Final = 16
"""Room for the words below."""
_NEAR_END: Final = 0.08
"""A threshold as near to an end as this leaves no room for the name of the end."""
_GAP: Final = 0.18
"""The part of a bar's place that is left free."""


def rate(counts: Sequence[int], first: str, last: str, what: str) -> Markup:
    """Bars, one a day.

    Args:
        counts: of each day, the oldest first.
        first: what the oldest day is called.
        last: what the newest day is called.
        what: what is counted.
    """
    most = max([*counts, 1])
    step = WIDTH / max(1, len(counts))
    bars = [
        _bar("bar", number * step + step * _GAP / 2, HEIGHT, step * (1 - _GAP), HEIGHT * count / most)
        for number, count in enumerate(counts)
        if count
    ]
    told = f"{words.count(sum(counts), what)} from {first} to {last}, at most {most if any(counts) else 0} a day"
    return _chart(told, [_line(HEIGHT), *bars, *_ends(first, last), _text(0, 9, str(most) if any(counts) else "")])


def scores(histogram: ScoreHistogram) -> Markup:
    """How the scores lie around the threshold: what fired, what was held back, what nearly fired."""
    bars = histogram.bars
    most = max([*(bar.fired + bar.suppressed + bar.near for bar in bars), 1])
    step = WIDTH / len(bars)
    shapes = [_line(HEIGHT)]
    for number, bar in enumerate(bars):
        top = float(HEIGHT)
        for kind, count in (("fired", bar.fired), ("suppressed", bar.suppressed), ("near", bar.near)):
            if count:
                height = HEIGHT * count / most
                shapes.append(_bar(f"bar {kind}", number * step + step * _GAP / 2, top, step * (1 - _GAP), height))
                top -= height
    for number, threshold in enumerate(histogram.thresholds):
        kind = "threshold" if number == 0 else "threshold earlier"
        at = threshold * WIDTH
        shapes.append(Markup('<line class="{}" x1="{:.1f}" x2="{:.1f}" y1="0" y2="{}"/>').format(kind, at, at, HEIGHT))
    now = histogram.thresholds[0] if histogram.thresholds else None
    if now is not None:
        shapes.append(_text(now * WIDTH, HEIGHT + 13, f"{now:g}", "middle"))
    fired, near = sum(bar.fired for bar in bars), sum(bar.near for bar in bars)
    told = f"Scores from 0 to 1: {fired} fired, {near} nearly fired" + (f", threshold {now:g}" if now else "")
    at_the_low_end = now is not None and now < _NEAR_END
    at_the_high_end = now is not None and now > 1 - _NEAR_END
    ends = _ends("" if at_the_low_end else "0", "" if at_the_high_end else "1")
    return _chart(told, [*shapes, *ends])


def interval(share: Share) -> Markup:
    """A share with the interval in which it probably lies, on a line from none to all."""
    low, high, value = share.low * WIDTH, share.high * WIDTH, share.value * WIDTH
    shapes = [
        Markup('<line class="axis" x1="0" x2="{}" y1="8" y2="8"/>').format(WIDTH),
        Markup('<line class="whisker" x1="{:.1f}" x2="{:.1f}" y1="8" y2="8"/>').format(low, high),
        Markup('<circle class="dot" cx="{:.1f}" cy="8" r="5"/>').format(min(WIDTH - 5.0, max(5.0, value))),
    ]
    told = f"{words.percent(share.value)}, probably between {words.percent(share.low)} and {words.percent(share.high)}"
    return _chart(told, shapes, height=16)


def _chart(told: str, shapes: Sequence[Markup], height: int = HEIGHT + _AXIS) -> Markup:
    opening = Markup('<svg class="chart" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">')
    return opening.format(told, WIDTH, height, WIDTH, height) + Markup("").join(shapes) + Markup("</svg>")


def _bar(kind: str, left: float, bottom: float, width: float, height: float) -> Markup:
    # A count that is there must be seen beside one that is a thousand times larger.
    height = max(height, 1.5)
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
        kind, left, bottom - height, width, height
    )


def _line(at: float) -> Markup:
    return Markup('<line class="axis" x1="0" x2="{}" y1="{}" y2="{}"/>').format(WIDTH, at, at)


def _ends(first: str, last: str) -> tuple[Markup, Markup]:
    return _text(0, HEIGHT + 13, first), _text(WIDTH, HEIGHT + 13, last, "end")


def _text(left: float, top: float, text: str, anchor: str = "start") -> Markup:
    return Markup('<text x="{:.1f}" y="{}" text-anchor="{}">{}</text>').format(left, top, anchor, text)
