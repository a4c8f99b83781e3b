"""The timeline as SVG: a page of its own that any browser opens, by day and by night.

Plain shapes with plain words; every lane carries its rule as a tooltip.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from html import escape

from lab.explain.lanes import Lane, Timeline
from lab.explain.words import OUTCOMES, reasons, title
from lab.story.naming import Names

LEFT, RIGHT, TOP, ROW, WIDTH = 390, 24, 64, 44, 1240
MOST_TICKS = 10
STYLE = """
text { font: 13px system-ui, "Noto Sans CJK SC", "Noto Sans SC", sans-serif; fill: #1c1f23; }
.small { font-size: 11px; fill: #5b6470; } .grid { stroke: #d9dde2; } .now { stroke: #1f5fbf; }
.running { fill: #2f9e5b; } .paused { fill: #e0b02f; } .late { fill: #cf3b3b; }
.due { fill: #1c1f23; } .was { fill: #ffffff; stroke: #1c1f23; } .page { fill: #ffffff; }
@media (prefers-color-scheme: dark) {
text { fill: #e8eaed; } .small { fill: #a6adb7; } .grid { stroke: #3a4048; } .page { fill: #16191d; }
.due { fill: #e8eaed; } .now { stroke: #7fb0ff; } }
"""


def draw(drawn: Timeline, names: Names) -> str:
    """One SVG document."""
    height = TOP + ROW * len(drawn.lanes) + 48
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img">',
        f"<title>{escape(drawn.case)}</title><style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{height}"/>',
        f'<text x="16" y="26">时限 Deadlines · {escape(drawn.case)}</text>',
        *_legend(),
        *_axis(drawn, names, height),
    ]
    for number, lane in enumerate(drawn.lanes):
        parts += _lane(lane, drawn, names, TOP + ROW * number)
    parts += _now(drawn, names, height)
    return "\n".join([*parts, "</svg>\n"])


def _legend() -> Iterator[str]:
    x = 560
    for how, words in (("running", "计时 runs"), ("paused", "挂起 paused"), ("late", "逾期 late")):
        yield f'<rect class="{how}" x="{x}" y="17" width="22" height="9" rx="2"/>'
        yield f'<text class="small" x="{x + 28}" y="26">{words}</text>'
        x += 118
    yield f'<path class="due" d="{_diamond(x + 6, 21)}"/>'
    yield f'<text class="small" x="{x + 18}" y="26">时限 due</text>'
    yield f'<path class="was" d="{_diamond(x + 100, 21)}"/>'
    yield f'<text class="small" x="{x + 112}" y="26">原时限 was due</text>'


def _axis(drawn: Timeline, names: Names, height: int) -> Iterator[str]:
    for moment in _ticks(drawn, names):
        x = _x(moment, drawn)
        yield f'<line class="grid" x1="{x}" y1="{TOP - 12}" x2="{x}" y2="{height - 36}"/>'
        yield f'<text class="small" x="{x}" y="{height - 18}" text-anchor="middle">{names.time(moment)}</text>'


def _ticks(drawn: Timeline, names: Names) -> Iterator[datetime]:
    """Local midnights, or full hours where the whole is short; at most ten."""
    whole = drawn.end - drawn.opened
    unit = timedelta(days=1) if whole > timedelta(days=3) else timedelta(hours=1)
    step = unit * (int(whole / unit / MOST_TICKS) + 1)
    local = names.local(drawn.opened).replace(minute=0, second=0, microsecond=0)
    moment = (local.replace(hour=0) if unit.days else local) + unit
    while moment <= drawn.end:
        yield moment
        moment += step


def _lane(lane: Lane, drawn: Timeline, names: Names, y: int) -> Iterator[str]:
    words, outcome = title(lane, names), OUTCOMES[lane.outcome]
    why = "\n".join(f"{each.zh}\n{each.en}" for each in reasons(lane, names))
    yield f"<g><title>{escape(why)}</title>"
    yield f'<text x="16" y="{y + 12}">{escape(words.zh)} — {outcome.zh}</text>'
    yield f'<text class="small" x="16" y="{y + 27}">{escape(words.en)} — {outcome.en}</text>'
    for span in lane.spans:
        start, end = _x(span.start, drawn), _x(span.end, drawn)
        width = max(round(end - start, 1), 1.5)
        yield f'<rect class="{span.how}" x="{start}" y="{y + 4}" width="{width}" height="12" rx="2"/>'
    for due in lane.dues[:-1]:
        yield f'<path class="was" d="{_diamond(_x(due.at, drawn), y + 10)}"/>'
    x = _x(lane.due.at, drawn)
    later = lane.due.at > drawn.end  # due after all that is drawn
    yield f'<path class="due" d="{_arrow(x, y + 10) if later else _diamond(x, y + 10)}"/>'
    anchor = "end" if x > WIDTH - 240 else "start"  # as long as a rule is
    rule = f"{names.time(lane.due.at)} · {lane.due.duration} · {lane.due.policy}"
    yield f'<text class="small" x="{x}" y="{y + 31}" text-anchor="{anchor}">{escape(rule)}</text></g>'


def _now(drawn: Timeline, names: Names, height: int) -> Iterator[str]:
    if drawn.now <= drawn.end:
        x = _x(drawn.now, drawn)
        yield f'<line class="now" x1="{x}" y1="{TOP - 16}" x2="{x}" y2="{height - 36}"/>'
        yield f'<text class="small" x="{x}" y="{TOP - 20}" text-anchor="middle">now {names.time(drawn.now)}</text>'


def _x(moment: datetime, drawn: Timeline) -> float:
    whole = (drawn.end - drawn.opened).total_seconds() or 1
    share = (moment - drawn.opened).total_seconds() / whole
    return round(LEFT + min(max(share, 0), 1) * (WIDTH - LEFT - RIGHT), 1)


def _arrow(x: float, y: float) -> str:
    return f"M{x} {y - 6}l8 6l-8 6z"


def _diamond(x: float, y: float) -> str:
    return f"M{x} {y - 6}l6 6l-6 6l-6 -6z"
