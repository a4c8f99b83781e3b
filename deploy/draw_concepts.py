"""The pictures of the five ideas, in both languages at once.

    python deploy/draw_concepts.py            writes docs/pictures/idea-1.svg … idea-5.svg
    python deploy/draw_concepts.py --check    are they current?

Plain shapes, no script, no foreign font; readable on light pages and dark ones.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

TO = Path(__file__).parents[1] / "docs" / "pictures"
WIDTH = 760
INK, SOFT, PAPER = "#1c2733", "#51606e", "#ffffff"
BLUE, GREEN, SAND, RED, GREY = "#d6e6f5", "#d5ecdc", "#fbebd0", "#f8d9d9", "#e8edf1"


class Sheet:
    """Shapes in the order in which they are drawn. Places are in pixels, from the left and the top."""

    def __init__(self, height: int, label: str) -> None:
        self.height, self.label = height, label
        self.shapes: list[str] = []

    def box(self, x: int, y: int, w: int, fill: str, *lines: str, h: int = 0) -> None:
        """A box with a first line in bold and the others below it."""
        high = h or 22 + 20 * len(lines)
        self.shapes.append(
            f'<rect x="{x}" y="{y}" width="{w}" height="{high}" rx="8" fill="{fill}" stroke="{SOFT}"/>'
        )
        top = y + high / 2 - 10 * (len(lines) - 1) + 5
        for number, line in enumerate(lines):
            self.say(x + w // 2, round(top + 20 * number), line, bold=number == 0)

    def say(self, x: int, y: int, words: str, *, bold: bool = False, soft: bool = False) -> None:
        kind = ' class="b"' if bold else ' class="s"' if soft else ""
        self.shapes.append(
            f'<text x="{x}" y="{y}" text-anchor="middle"{kind}>{escape(words)}</text>'
        )

    def arrow(self, *points: tuple[int, int], dashed: bool = False) -> None:
        way = "M" + " L".join(f"{x} {y}" for x, y in points)
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.shapes.append(
            f'<path d="{way}" fill="none" stroke="{INK}" stroke-width="1.6"{dash} marker-end="url(#a)"/>'
        )

    def svg(self) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" role="img" '
            f'aria-label="{escape(self.label)}"><style>text{{font:14px system-ui,"PingFang SC",'
            f'"Microsoft YaHei","Noto Sans CJK SC",sans-serif;fill:{INK}}}.b{{font-weight:600}}.s{{fill:{SOFT}}}</style><defs>'
            '<marker id="a" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
            f'orient="auto"><path d="M0 0 L10 5 L0 10 z" fill="{INK}"/></marker></defs>'
            f'<rect width="{WIDTH}" height="{self.height}" rx="10" fill="{PAPER}"/>\n'
            + "\n".join(self.shapes)
            + "\n</svg>\n"
        )


def core_and_shell() -> Sheet:
    sheet = Sheet(330, "Four pure functions in a shared shell")
    sheet.box(20, 20, 720, GREY, h=290)
    sheet.say(380, 46, "shell, one for all four services 外壳,四个服务共用", soft=True)
    sheet.say(380, 296, "reads, keeps, publishes, ticks 读、存、发、计时", soft=True)
    sheet.box(30, 70, 190, SAND, "cause 起因", "command, event, timer", "命令、事件、计时")
    sheet.box(290, 70, 180, BLUE, "decide", "state + cause + rules", "状态 + 起因 + 规则")
    sheet.box(550, 70, 160, GREEN, "event 事件", "one, or none", "一个,或没有")
    sheet.box(270, 196, 220, BLUE, "evolve", "state + event 状态 + 事件")
    sheet.box(530, 196, 200, BLUE, "notify", "words for outsiders 告知")
    sheet.arrow((220, 111), (288, 111))
    sheet.arrow((470, 111), (548, 111))
    sheet.arrow((580, 152), (580, 174), (440, 174), (440, 194))
    sheet.arrow((670, 152), (670, 194))
    sheet.arrow((340, 196), (340, 154))
    return sheet


def the_record() -> Sheet:
    sheet = Sheet(230, "The log is the record; the database is a fold of it")
    sheet.say(380, 30, "case.events: kept for ever 永久保存", bold=True)
    names = ("opened", "deadline-set", "assigned", "signed", "resolved", "rated", "closed")
    said = ("立案", "时限", "分派", "签收", "办结", "评价", "结案")
    left = 24
    for name, zh in zip(names, said, strict=True):
        wide = 60 + 5 * len(name)
        sheet.box(left, 45, wide, GREEN, name, zh)
        left += wide + 6
    for x in (69, 690):
        sheet.arrow((x, 110), (x, 130), (345, 130), (345, 158))
    sheet.say(390, 150, "fold 折叠", soft=True)
    sheet.box(
        180, 160, 330, SAND, "MongoDB: a snapshot 快照", "may be lost, is made again 可丢,可重算"
    )
    sheet.box(536, 160, 200, GREY, "gridcase rebuild", "equal to the byte? 逐字节")
    sheet.arrow((536, 190), (512, 190))
    return sheet


def the_log_decides() -> Sheet:
    sheet = Sheet(230, "An answer holds if it fits where it landed; otherwise it is decided again")
    sheet.box(20, 70, 120, SAND, "cause 起因")
    sheet.box(190, 70, 120, BLUE, "decide 决定")
    sheet.box(360, 60, 150, GREEN, "the log's order", "日志的顺序")
    sheet.box(550, 30, 195, GREEN, "it holds 有效", "state moves on 状态前进")
    sheet.box(550, 120, 195, RED, "it is void 无效", "for everybody 对谁都是")
    sheet.arrow((140, 91), (188, 91))
    sheet.arrow((310, 91), (358, 91))
    sheet.arrow((510, 80), (548, 62))
    sheet.arrow((510, 100), (548, 142))
    sheet.arrow((655, 184), (655, 208), (250, 208), (250, 114), dashed=True)
    sheet.say(440, 198, "decided again on the new state 按新状态再决定", soft=True)
    sheet.say(335, 52, "publish 发布", soft=True)
    return sheet


def ids_from_causes() -> Sheet:
    sheet = Sheet(190, "Ids follow from causes, so what is done twice has the same id")
    sheet.box(20, 20, 250, SAND, "source + report id", "来源 + 上报编号")
    sheet.box(480, 20, 260, GREEN, "case id 案件编号", "57c2bf59-…")
    sheet.box(20, 110, 250, SAND, "cause + service + attempt", "起因 + 服务 + 第几次")
    sheet.box(480, 110, 260, GREEN, "event id 事件编号", "e8e2aaf1-…")
    for y in (51, 141):
        sheet.arrow((270, y), (478, y))
        sheet.say(374, y - 8, "UUID 5", soft=True)
    sheet.say(374, 98, "twice in, the same out 做两遍,编号相同", soft=True)
    return sheet


def rules_with_a_date() -> Sheet:
    sheet = Sheet(220, "The version in force at the time of the cause is the one that decides")
    sheet.box(60, 40, 300, BLUE, "version 1 第 1 版", "2022-01 …")
    sheet.box(360, 40, 320, GREEN, "version 2 第 2 版", "2022-07 …")
    sheet.arrow((40, 125), (730, 125))
    sheet.say(690, 148, "time 时间", soft=True)
    sheet.box(150, 155, 150, SAND, "a report of May", "五月的上报", h=50)
    sheet.arrow((225, 155), (225, 104))
    sheet.box(430, 155, 230, GREY, "read in August 八月才读到", "still version 1 仍按第 1 版", h=50)
    sheet.arrow((430, 180), (302, 180), dashed=True)
    return sheet


IDEAS = (core_and_shell, the_record, the_log_decides, ids_from_causes, rules_with_a_date)


def main() -> None:
    stale = []
    for number, draw in enumerate(IDEAS, start=1):
        file, text = TO / f"idea-{number}.svg", draw().svg()
        if "--check" not in sys.argv:
            file.write_text(text, "utf-8")
        elif not file.exists() or file.read_text("utf-8") != text:
            stale.append(file.name)
    if stale:
        sys.exit(f"{', '.join(stale)} not current: run `python deploy/draw_concepts.py`")


if __name__ == "__main__":
    main()
