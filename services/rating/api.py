"""``/api/``: the public figures for programs, as JSON and CSV, with their OpenAPI document."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Any

from schemas.outputs import Scorecard
from services.rating.measures import COUNTS, RATES, SPANS
from services.rating.scorecards import PARTS
from services.rating.units import SCOPES

ABOUT = (
    "period",
    "version",
    "scope",
    "id",
    "name",
    "name_en",
    "group",
    "rank",
    "wilson",
    "as_of",
    "rules",
)


def as_csv(cards: Iterable[Scorecard]) -> bytes:
    """One row a card, all numerators, denominators and exclusions; with the mark that spreadsheets
    need to read Chinese."""
    file = StringIO()
    rows = csv.writer(file, lineterminator="\r\n")
    rows.writerow(columns())
    for card in cards:
        rows.writerow([_safe(value) for value in _row(card)])
    return "\ufeff".encode() + file.getvalue().encode()


def columns() -> list[str]:
    rates = [
        f"{measure.name}_{part}"
        for measure in RATES
        for part in ("numerator", "denominator", "excluded")
    ]
    spans = [f"{span.name}_{share}" for span in SPANS for share in ("p50", "p90")]
    return [*ABOUT, *(m.name for m in COUNTS), *rates, "stars_n", "stars_mean", *spans]


def _row(card: Scorecard) -> Iterable[Any]:
    yield from (getattr(card, name) for name in ABOUT)
    yield from (card.counts.get(measure.name) for measure in COUNTS)
    for measure in RATES:
        rate = card.rates[measure.name]
        yield from (rate.numerator, rate.denominator)
        yield " ".join(f"{why}={n}" for why, n in rate.excluded.items())
    yield from (card.stars["n"], card.stars["mean"])
    for span in SPANS:
        yield from (card.times[span.name]["elapsed"][share] for share in ("p50", "p90"))


def _safe(value: Any) -> Any:
    """A spreadsheet takes text that begins so for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


# ── OpenAPI ──────────────────────────────────────────────────────────────────────────────────


def _asked(name: str, about: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {
        "name": name, "in": "query", "required": required, "description": about,
        "schema": {"type": "string"} | schema,
    }  # fmt: skip


PERIOD = _asked("period", "2022-07, 2022-Q3 or 2022; the running month if left out")
AS_OF = _asked("as_of", "the figures as they were known at this moment", format="date-time")
SCOPE = _asked("scope", "which kind of unit", enum=list(SCOPES))
ID = _asked("id", "the unit's code")
LIVE = _asked("live", "1: as it is now, also for a period that was published", enum=["1"])


def _get(
    about: str, asked: list[dict[str, Any]], type: str, schema: dict[str, Any]
) -> dict[str, Any]:
    return {
        "get": {
            "summary": about,
            "parameters": asked,
            "responses": {
                "200": {
                    "description": "the answer; its ETag may be sent back as If-None-Match",
                    "headers": {"ETag": {"schema": {"type": "string"}}},
                    "content": {type: {"schema": schema}},
                },
                "304": {"description": "the reader has it already"},
                "400": {"description": "the question is malformed; `error` says how"},
                "404": {"description": "there is no such thing; `error` says what"},
            },
        }
    }


def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 document of everything under ``/api/``."""
    card = Scorecard.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = card.pop("$defs", {})
    cards = {"type": "array", "items": {"$ref": "#/components/schemas/Scorecard"}}
    some = [PERIOD, AS_OF, LIVE, SCOPE, ID]
    needed = [_asked(n, f"the {n} of the cell", required=True) for n in ("scope", "id", "measure")]
    cell = [PERIOD, AS_OF, *needed, _asked("part", "which of them", enum=list(PARTS))]
    cell += [
        _asked(n, about, type="integer")
        for n, about in (("start", "the first, from 0"), ("most", "at the most 1000"))
    ]
    rows = {"type": "array", "items": {"type": "object"}}
    some_cases = {"type": "object", "properties": {"count": {"type": "integer"}, "cases": rows}}
    paths = {
        "/api/scorecards": _get("Scorecards of a period", some, "application/json", cards),
        "/api/scorecards.csv": _get("The same as CSV", some, "text/csv", {"type": "string"}),
        "/api/cases": _get(
            "The anonymised cases behind a cell", cell, "application/json", some_cases
        ),
        "/api/measures": _get("What is counted and what not", [], "application/json", rows),
        "/api/periods": _get("What was published", [], "application/json", rows),
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "gridcase: public figures", "version": "1"},
        "paths": paths,
        "components": {"schemas": {"Scorecard": card, **parts}},
    }
