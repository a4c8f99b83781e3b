"""What a torture came to: what was done, what was checked, what broke, and how soon all went on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from schemas import events
from tests.history import History
from tests.invariants import Violation


@dataclass(frozen=True)
class Fire:
    """What was done to the parts."""

    seconds: float
    struck: Counter[str]
    left_out: Mapping[str, str]
    """What could not be done here, and why."""
    killed: Sequence[tuple[str, datetime]]
    """Services, and when, while nothing else was wrong."""
    restarts: int


@dataclass(frozen=True)
class Report:
    fire: Fire
    inputs: int
    history: History
    violations: list[Violation]

    @property
    def checked(self) -> int:
        history = self.history
        return len(history.log) + len(history.outside) + len(history.all_commands)

    @property
    def back_after(self) -> list[float]:
        """Seconds from each kill to the next event that the service wrote, its start included."""
        found = []
        for service, at in self.fire.killed:
            written = [
                record.written
                for record in self.history.log
                if record.message is not None
                and record.message.source == f"/services/{service}"
                and record.written is not None
                and record.written > at
            ]
            if written:
                found.append((min(written) - at).total_seconds())
        return sorted(found)

    @property
    def late_by(self) -> list[float]:
        """Seconds from the moment when each timer was due to the one when its event was written."""
        timed = (events.Warned, events.Overdue)
        return sorted(
            (record.written - record.message.time).total_seconds()
            for record in self.history.log
            if record.message is not None
            and isinstance(record.message.data, timed)
            and record.written is not None
        )

    def __str__(self) -> str:
        fire = self.fire
        lines = [f"{fire.seconds:.0f} s under fire"]
        lines += [f"  {number:4} × {name}" for name, number in sorted(fire.struck.items())]
        lines += [f"     0 × {name}: left out, {why}" for name, why in fire.left_out.items()]
        lines += [
            f"{fire.restarts} times a service was started anew",
            f"next event of a killed service, its start included: {_spread(self.back_after)}",
            f"timers, after the moment when they were due: {_spread(self.late_by)}",
            f"{self.inputs} inputs, {len(self.history.cases)} cases, "
            f"{self.checked} messages checked: {len(self.violations)} violations",
        ]
        return "\n".join(lines)


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    ninth = seconds[int(0.9 * (len(seconds) - 1))]
    return (
        f"median {median(seconds):.1f} s, nine of ten within {ninth:.1f} s, "
        f"longest {seconds[-1]:.1f} s ({len(seconds)})"
    )
