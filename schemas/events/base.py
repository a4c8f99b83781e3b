"""What every event of a case shares."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.envelope import Payload

Count = Annotated[int, Field(ge=0, lt=2**31)]
"""How many, or the how manieth. Larger numbers are mistakes, which parsers take differently."""


class CaseEvent(Payload):
    WRITER: ClassVar[str]
    REFUSAL: ClassVar[bool] = False
    """A refusal is only decided when the log has been read to its current end."""
