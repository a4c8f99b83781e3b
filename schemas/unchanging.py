"""Values: dataclasses that never change, of which a service makes several for each record.

What checks types sees `@dataclass(frozen=True, slots=True)` and refuses every assignment. At run time
there is no guard, since guarding each field as it is first set is half of what making one costs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

__all__ = ["unchanging"]
T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import dataclass as unchanging
else:

    def unchanging(*, frozen: bool, slots: bool) -> Callable[[type[T]], type[T]]:
        """A frozen dataclass without the guards."""
        return dataclass(unsafe_hash=frozen, slots=slots)
