"""What an answer says: sums before and after, the league, each case, and how sure that is.

    Answer ─► Report ─┬─► as_json     for a program
                      ├─► cli.whatif  for a terminal
                      └─► page        for a meeting

Where something was drawn, each figure is the mean over the repeats, with the interval that holds nine
tenths of them. The rule to remember: **no figure without saying what it rests on**.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from lab.whatif.asking import Answer, Changed
from lab.whatif.outcomes import Outcome, Tally
from schemas.outputs import Rate
from schemas.rulebook import Rulebook
from services.rating.league import wilson
from services.rating.measures import Words

FIGURES: dict[str, Words] = {
    "cases": Words("案件", "cases"),
    "resolved": Words("有办理结果", "with a result"),
    "on_time": Words("按期", "on time"),
    "late": Words("超期", "late"),
    "overdue": Words("时限到期次数", "limits that passed"),
    "escalated": Words("升级", "escalated"),
    "supervised": Words("督办", "supervised"),
    "returned": Words("退回", "returned"),
    "triage": Words("转人工分派", "sent to triage"),
    "reopened": Words("重办", "reopened"),
    "waiting": Words("期末待分派", "waiting for a department at the end"),
}
TENTH = 0.05


class Figure(NamedTuple):
    """A number before and after. `low` and `high` hold nine tenths of the repeats; they are the
    number itself where nothing was drawn."""

    before: float
    after: float
    low: float
    high: float

    @property
    def change(self) -> float:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Unit:
    """A department. `load` is how many cases it had at a time; ranks are by the lower bound of
    Wilson's interval of the on-time rate, as in the scorecards' league."""

    id: str
    name: str
    group: str
    cases: Figure
    on_time: Figure
    late: Figure
    escalated: Figure
    load: Figure
    rank: tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Report:
    version: str
    answer: Answer
    figures: dict[str, Figure]
    climbs: dict[str, Figure]
    """Escalations from level to level."""
    units: list[Unit]
    sure: dict[str, int]
    """How many cases: ``same``, ``exact``, ``shifted``, ``carried``, ``drawn``, ``unknown``."""

    @property
    def ends_otherwise(self) -> list[Changed]:
        return [each for each in self.answer.changed if each.ends_otherwise]

    @property
    def is_drawn(self) -> bool:
        return bool(self.answer.drawn)


def report_of(answer: Answer, rules: Rulebook) -> Report:
    after = answer.after()
    climbs = sorted(
        {name for tally in (answer.before, *after) for name in tally.county if " " in name}
    )
    return Report(
        version=rules.version,
        answer=answer,
        figures={name: _county(answer.before, after, name) for name in FIGURES},
        climbs={
            name.removeprefix("escalated "): _county(answer.before, after, name) for name in climbs
        },
        units=_units(answer, after, rules),
        sure=_sure(answer),
    )


def _county(before: Tally, after: Sequence[Tally], name: str) -> Figure:
    return _figure(before.county[name], [tally.county[name] for tally in after])


def _figure(before: float, after: Sequence[float]) -> Figure:
    ordered = sorted(after)
    cut = int(len(ordered) * TENTH)
    return Figure(before, sum(ordered) / len(ordered), ordered[cut], ordered[-1 - cut])


# ── departments ──────────────────────────────────────────────────────────────────────────────


def _units(answer: Answer, after: Sequence[Tally], rules: Rulebook) -> list[Unit]:
    codes = sorted({code for tally in (answer.before, *after) for code in tally.units})
    span = (answer.last - answer.first) / timedelta(days=1) or 1.0
    ranks = [_ranks(codes, [answer.before], rules), _ranks(codes, after, rules)]
    units = [_unit(code, answer.before, after, span, ranks, rules) for code in codes]
    return sorted(units, key=lambda unit: (unit.group, unit.rank[0] or 10**6, -unit.cases.before))


def _unit(
    code: str,
    before: Tally,
    after: Sequence[Tally],
    span: float,
    ranks: Sequence[dict[str, int]],
    rules: Rulebook,
) -> Unit:
    known = rules.department(code)

    def figure(read: Callable[[Tally], float]) -> Figure:
        return _figure(read(before), [read(tally) for tally in after])

    def counted(name: str) -> Figure:
        return figure(lambda tally: tally.units.get(code, Counter())[name])

    return Unit(
        id=code,
        name=known.name if known else code,
        group=known.level.value if known else "",
        cases=counted("cases"),
        on_time=counted("on_time"),
        late=counted("late"),
        escalated=counted("escalated"),
        load=figure(lambda tally: tally.load.get(code, 0.0) / span),
        rank=(ranks[0].get(code), ranks[1].get(code)),
    )


def _ranks(codes: Iterable[str], tallies: Sequence[Tally], rules: Rulebook) -> dict[str, int]:
    """Within each level; by the mean counts where there are repeats. Too few cases are not ranked."""
    bounds: dict[str, list[tuple[float, str]]] = {}
    for code in codes:
        on_time, late = (_mean(code, name, tallies) for name in ("on_time", "late"))
        known = rules.department(code)
        if known is None or on_time + late < rules.settings.minimum_sample:
            continue
        bound = wilson(Rate(numerator=round(on_time), denominator=round(on_time + late)))
        bounds.setdefault(known.level.value, []).append((bound or 0.0, code))
    found: dict[str, int] = {}
    for rows in bounds.values():
        for bound, code in rows:
            found[code] = 1 + sum(other > bound for other, _ in rows)
    return found


def _mean(code: str, name: str, tallies: Sequence[Tally]) -> float:
    return sum(tally.units.get(code, Counter())[name] for tally in tallies) / len(tallies)


# ── how sure ─────────────────────────────────────────────────────────────────────────────────

GROUNDS: dict[str, Words] = {
    "same": Words(
        "每一步决定都不变:结果与记录完全一致。",
        "every decision stays the same, so they end as they did: exact.",
    ),
    "exact": Words(
        "决定有变,人的行为与时间照记录不变:精确。",
        "something is decided otherwise, and everybody did what they did when they did: exact.",
    ),
    "shifted": Words(
        "同一单位早些或晚些接手:假定其从接手起所用时间不变。",
        "the same department gets it earlier or later: assumed that it takes as long from then on.",
    ),
    "carried": Words(
        "案件不再移交:假定在原来办结的时刻由现承办单位办结。",
        "it no longer moves on: assumed that whoever keeps it settles it when it was settled.",
    ),
    "drawn": Words(
        "换了从未承办本案的单位:办理时间、退回和评价从该单位自己的历史中抽取,区间为重复抽取的九成。",
        "a department gets it that never had it: its time, returns and stars are drawn from its own "
        "history; intervals hold nine tenths of the repeats.",
    ),
    "unknown": Words(
        "之后会怎样,记录无法说明:按无人行动处理。",
        "the log cannot say what would have followed: taken as if nobody acted.",
    ),
}
ALWAYS: tuple[Words, ...] = (
    Words(
        "上报内容的理解(类别、地点、紧急程度)、并案和合并保持原样。",
        "What intake made of the reports (category, place, urgency), joins and merges stay as they were.",
    ),
    Words(
        "各案相互独立:一个单位的案件变多,不会使其变慢。",
        "Cases do not meet: a department that gets more cases is not taken to become slower.",
    ),
    Words("以记录的最后时刻为止。", "All is told as of the log's last moment."),
)


def _sure(answer: Answer) -> dict[str, int]:
    found = dict.fromkeys(GROUNDS, 0)
    found["same"] = answer.cases - len(answer.changed)
    for each in answer.changed:
        for mark in each.marks or ("exact",):
            found[mark] += 1
    return found


# ── for a program ────────────────────────────────────────────────────────────────────────────


def as_json(report: Report) -> dict[str, Any]:
    answer = report.answer
    return {
        "rules": report.version,
        "first": answer.first,
        "last": answer.last,
        "events": answer.events,
        "cases": answer.cases,
        "decided_otherwise": len(answer.changed),
        "end_otherwise": len(report.ends_otherwise),
        "repeats": len(answer.drawn) or 1,
        "figures": {name: figure._asdict() for name, figure in report.figures.items()},
        "escalations": {name: figure._asdict() for name, figure in report.climbs.items()},
        "departments": [_unit_json(unit) for unit in report.units],
        "rests_on": {
            name: {"cases": number, "words": GROUNDS[name].en}
            for name, number in report.sure.items()
        },
        "always": [words.en for words in ALWAYS],
        "differences": [_case_json(each) for each in answer.changed],
    }


def _unit_json(unit: Unit) -> dict[str, Any]:
    figures = ("cases", "on_time", "late", "escalated", "load")
    return {
        "id": unit.id,
        "name": unit.name,
        "level": unit.group,
        **{name: getattr(unit, name)._asdict() for name in figures},
        "rank": {"before": unit.rank[0], "after": unit.rank[1]},
    }


def _case_json(each: Changed) -> dict[str, Any]:
    return {
        "case": each.case,
        "category": each.category,
        "area": each.area,
        "first": each.first,
        "ends_otherwise": each.ends_otherwise,
        "rests_on": sorted(each.marks) or ["exact"],
        "before": asdict(each.before),
        "after": asdict(each.after),
    }


def way(outcome: Outcome) -> str:
    """How a case went, in a line."""
    held = [f"{unit}{' (late)' if unit in outcome.late else ''}" for unit in outcome.held]
    end = f"{outcome.resolved:%Y-%m-%d %H:%M}" if outcome.resolved else outcome.status
    stars = f" {outcome.stars}★" if outcome.stars else ""
    return f"{' → '.join(held) or 'nobody'}: {end}{stars}"
