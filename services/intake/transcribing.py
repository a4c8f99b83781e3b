"""Speech into words: a recording's address goes out, its transcript comes back.

A report whose recordings come without a transcript is sent to whatever transcribes for the county:
`GRIDCASE_TRANSCRIBER` names an HTTP address, which is asked

    POST {"uri": …, "media_type": …, "language": "zh"}  ─►  {"transcript": …}

Any recogniser stands behind such a hook in a few lines. The one rule to remember: **a report never
waits for long, and is never lost for want of words**. Without an answer it goes on as it is, its
category is in doubt, and a person is asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

import httpx

from schemas.inputs import Attachment, Report

logger = logging.getLogger(__name__)
SPOKEN = ("audio/", "video/")
SECONDS = 20.0
AT_ONCE = 8
LONGEST = 20_000
"""Characters of a transcript; the contract takes no more."""


class Transcriber(Protocol):
    async def transcribe(self, attachment: Attachment) -> str | None:
        """The words of a recording; None where there are none to be had."""
        ...


class HttpTranscriber:
    """Asks the address that the settings name."""

    def __init__(self, url: str, client: httpx.AsyncClient | None = None) -> None:
        self.url = url
        self._client = client or httpx.AsyncClient(timeout=SECONDS)
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def transcribe(self, attachment: Attachment) -> str | None:
        question = {"uri": attachment.uri, "media_type": attachment.media_type, "language": "zh"}
        try:
            async with self._turns:
                answer = await self._client.post(self.url, json=question)
            answer.raise_for_status()
            words = answer.json()["transcript"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            logger.warning("no transcript: %s", type(error).__name__)
            return None
        return words[:LONGEST] if isinstance(words, str) and words.strip() else None


async def with_words(reports: Sequence[Report], transcriber: Transcriber) -> list[Report]:
    """The reports, their recordings with transcripts where some could be had; all at once."""
    return list(await asyncio.gather(*(_with_words(report, transcriber) for report in reports)))


async def _with_words(report: Report, transcriber: Transcriber) -> Report:
    if not any(_is_mute(attachment) for attachment in report.attachments):
        return report
    heard = [
        attachment.model_copy(update={"transcript": await transcriber.transcribe(attachment)})
        if _is_mute(attachment)
        else attachment
        for attachment in report.attachments
    ]
    return report.model_copy(update={"attachments": tuple(heard)})


def _is_mute(attachment: Attachment) -> bool:
    return attachment.media_type.startswith(SPOKEN) and not attachment.transcript
