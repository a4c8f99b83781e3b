"""The door of rating: stars from residents, return visits and polls become commands.

ratings.submitted ─► rating.commands, or a dead letter
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas import ids, topics
from schemas.commands import SubmitRating
from schemas.envelope import Message, Payload
from schemas.inputs import Rating
from services.intake.masking import mask
from services.shell.doors import Admitted, Arrival, Door, to_dead_letters
from services.shell.runtime import Tools
from services.shell.seal import pseudonym


def doors(tools: Tools) -> list[Door[Any]]:
    return [Door(topics.RATINGS_SUBMITTED, Rating, RatingDoor(tools).admit, to_dead_letters)]


class RatingDoor:
    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    async def admit(self, arrivals: Sequence[tuple[Arrival, Rating]]) -> list[Admitted]:
        secret = await self.tools.vault.secret("pseudonyms")
        return [self._command(arrival, rating, secret) for arrival, rating in arrivals]

    def _command(self, arrival: Arrival, rating: Rating, secret: bytes) -> Message[Payload]:
        comment = mask(rating.comment) if rating.comment else None
        account, case = rating.rater, rating.case_id
        return Message(
            id=arrival.command_id(f"{rating.case_id}/{rating.rating_id}"),
            source="/services/rating",
            subject=rating.case_id,
            time=self.tools.effective_time(rating.at, arrival.received_at),
            data=SubmitRating(
                origin=arrival.topic,
                received_at=arrival.received_at,
                rating=rating.model_copy(update={"comment": comment, "rater": None}),
                rater=pseudonym(secret, "raters", account) if account else None,
                mark=ids.mark(case, account) if account else None,
            ),
        )
