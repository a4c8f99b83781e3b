"""Who else could have a matter: units that did such work before, and were more often in time.

    what each unit did, by category + rules ─► Lead: this rule, that kind of unit ─► what-if

The rule to remember: **only who has done it is proposed**, at the level at which the rule starts, and
as the rule names its units: by their kind, all of one kind together, or each by its code.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from lab.policy.spans import Seen
from schemas.reference import Level, RoutingRule
from schemas.rulebook import Rulebook
from services.rating.measures import Words

ENOUGH = 10
"""Cases that a kind of unit had of such matters: fewer say nothing of it."""


@dataclass(frozen=True, slots=True)
class Work:
    """Holdings with a verdict, and how many of them were in time."""

    judged: int = 0
    kept: int = 0

    @property
    def share(self) -> float:
        return self.kept / self.judged if self.judged else 0.0


@dataclass(frozen=True, slots=True)
class Lead:
    rule: str
    now: str
    other: str
    placed: int
    """Cases that the rule placed."""
    before: Work
    after: Work

    @property
    def saved(self) -> float:
        """Cases that would be in time besides, if the other does with all as it did with its own."""
        return (self.after.share - self.before.share) * self.placed

    @property
    def why(self) -> Words:
        now, other = self.before, self.after
        return Words(
            f"此类事项现承办单位 {now.judged:,} 件按期 {now.share:.0%},"
            f"另一单位 {other.judged:,} 件按期 {other.share:.0%}",
            f"of such matters {now.share:.0%} of {now.judged:,} in time, "
            f"with the other {other.share:.0%} of {other.judged:,}",
        )


def other_leads(rules: Rulebook, known: Seen) -> list[Lead]:
    """For each rule the best, if there is one; what saves most comes first."""
    work = _by_name(rules, known)
    found = (_best(rule, work[rule.level], known) for rule in rules.reference.rules)
    return sorted(
        (lead for lead in found if lead is not None and lead.saved > 0),
        key=lambda lead: (-lead.saved, lead.rule),
    )


def _by_name(rules: Rulebook, known: Seen) -> dict[Level, dict[str, dict[str, Work]]]:
    """By level, the unit as a rule may name it, and category."""
    found: dict[Level, dict[str, dict[str, Work]]] = defaultdict(lambda: defaultdict(dict))
    for (category, department), judged in known.judged.items():
        unit = rules.department(department)
        if unit is not None and unit.heir is None:
            work = Work(judged, known.kept[category, department])
            for name in (unit.kind, f"={unit.code}"):
                done = found[unit.level][name]
                done[category] = _sum([done.get(category, Work()), work])
    return found


def _best(rule: RoutingRule, work: dict[str, dict[str, Work]], known: Seen) -> Lead | None:
    categories, now = known.categories.get(rule.id, Counter()), rule.ladder.get(rule.level)
    if now is None or now not in work:
        return None  # a roster, or nobody did such work
    leads = (
        Lead(
            rule.id,
            now,
            name,
            known.placed[rule.id],
            _of(work[now], categories),
            _of(done, categories),
        )
        for name, done in work.items()
        if name != now and name.startswith("=") == now.startswith("=")
    )
    enough = [lead for lead in leads if min(lead.before.judged, lead.after.judged) >= ENOUGH]
    return max(enough, key=lambda lead: (lead.saved, lead.other), default=None)


def _of(done: dict[str, Work], categories: Iterable[str]) -> Work:
    return _sum(done.get(category, Work()) for category in categories)


def _sum(each: Iterable[Work]) -> Work:
    found = list(each)
    return Work(sum(work.judged for work in found), sum(work.kept for work in found))
