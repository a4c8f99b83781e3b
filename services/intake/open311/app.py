"""The routes of GeoReport v2: discovery, services, requests, tokens; JSON and XML.

    POST /open311/v2/requests.json ─► a report on `reports.submitted` ─► its case id at once
    GET  /open311/v2/requests.json ◄─ the stored cases

The one rule to remember: **a request is a report like any other**. It goes through the same topic
and the same door; what is right about it here may still be refused there.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schemas import envelope, ids
from schemas.inputs import Report
from schemas.rulebook import Rulebook
from services.intake.open311 import answers
from services.intake.open311.calls import RateLimit
from services.intake.open311.writing import Item, fault, write, write_one
from services.intake.state import State
from services.shell.access import Access, Role
from services.shell.limits import limited

ROOT = "/open311/v2"
MEDIA = ("image/", "audio/", "video/", "application/pdf")
MOST_BYTES = 64 * 1024
"""Of a request: media come by reference."""
MOST_REQUESTS = 1000
MOST_PAGES = 100_000
Query = dict[str, str]


class Store(Protocol):
    """Where cases are found."""

    async def one(self, case: str) -> State | None: ...
    async def some(self, matching: dict[str, Any], skip: int, most: int) -> Mapping[str, State]: ...


@dataclass(frozen=True, slots=True)
class Open311:
    """What the routes need: the rules in force, the cases, a way to send, and who may."""

    rules: Callable[[], Rulebook]
    store: Store
    send: Callable[[Report], Awaitable[None]]
    access: Access
    limit: RateLimit

    def app(self) -> Any:
        dot = ".{fmt:str}"
        routes = Starlette(
            exception_handlers={HTTPException: _as_fault},
            routes=[
                Route(f"{ROOT}/discovery{dot}", self._discovery),
                Route(f"{ROOT}/services{dot}", self._services),
                Route(f"{ROOT}/services/{{code}}{dot}", self._definition),
                Route(f"{ROOT}/requests{dot}", self._post, methods=["POST"]),
                Route(f"{ROOT}/requests{dot}", self._requests),
                Route(f"{ROOT}/requests/{{id}}{dot}", self._request),
                Route(f"{ROOT}/tokens/{{id}}{dot}", self._token),
            ],
        )
        routes.router.redirect_slashes = False  # it would believe the Host header
        return limited(routes, MOST_BYTES)

    # ── asking ───────────────────────────────────────────────────────────────────────────────

    async def _discovery(self, request: Request) -> Response:
        endpoint = {
            "specification": "http://wiki.open311.org/GeoReport_v2",
            "url": str(request.url).split("/discovery.")[0],
            "type": "production",
            "formats": [{"format": "application/json"}, {"format": "text/xml"}],
        }
        manifest = self.rules().reference.manifest
        found = {"contact": manifest.name, "key_service": "", "endpoints": [endpoint]}
        return self._guarded(request) or write_one(_format(request), "discovery", found)

    async def _services(self, request: Request) -> Response:
        found = answers.services(self.rules())
        return self._guarded(request) or write(_format(request), "services", "service", found)

    async def _definition(self, request: Request) -> Response:
        fmt, code = _format(request), request.path_params["code"]
        found = answers.definition(code, self.rules())
        missing = fault(fmt, 404, "service_code: there is no such service; see services")
        answer = write_one(fmt, "service_definition", found) if found else missing
        return self._guarded(request) or answer

    async def _requests(self, request: Request) -> Response:
        fmt, query = _format(request), dict(request.query_params)
        if (refusal := self._guarded(request)) is not None:
            return refusal
        try:
            matching = answers.wanted(query, datetime.now(UTC))
            size = min(max(int(query.get("page_size", 100)), 1), MOST_REQUESTS)
            skip = (min(max(int(query.get("page", 1)), 1), MOST_PAGES) - 1) * size
        except (ValueError, OverflowError) as error:
            return fault(fmt, 400, str(error))
        found = await self.store.some(matching, skip, size)
        shown = [answers.request(id, state, self.rules()) for id, state in found.items()]
        items = [item for item in shown if item is not None]
        return write(fmt, "service_requests", "request", items)

    async def _request(self, request: Request) -> Response:
        fmt = _format(request)
        if (refusal := self._guarded(request)) is not None:
            return refusal
        found = await self._shown(request.path_params["id"])
        if found is None:
            return fault(fmt, 404, "service_request_id: there is no such request here (yet)")
        return write(fmt, "service_requests", "request", [found])

    async def _shown(self, id: str) -> Item | None:
        state = await self.store.one(id)
        if state is None:
            return None
        if state.opened_at is None and state.joining is not None:
            into = state.joining.into
            other = await self.store.one(into)
            found = answers.request(into, other, self.rules()) if other else None
            return answers.joined(id, into, found) if found else None
        return answers.request(id, state, self.rules())

    async def _token(self, request: Request) -> Response:
        """Ids are given at once, so a token is the id."""
        id = request.path_params["id"]
        found = [{"service_request_id": id, "token": id}]
        answer = write(_format(request), "service_requests", "request", found)
        return self._guarded(request) or answer

    # ── sending ──────────────────────────────────────────────────────────────────────────────

    async def _post(self, request: Request) -> Response:
        fmt = _format(request)
        promised = request.headers.get("content-length", "")
        if promised.isdecimal() and int(promised[:20]) > MOST_BYTES:
            return fault(fmt, 413, f"at most {MOST_BYTES} bytes; media come as media_url")
        form = await request.form()
        given = {name: str(value) for name, value in form.items() if isinstance(value, str)}
        if len(given) < len(form):
            return fault(fmt, 400, "media: files are not taken; send media_url")
        key = given.get("api_key") or request.headers.get("x-api-key")
        holder = self.access.holder(key)
        if holder is None or holder.role is not Role.REPORTS:
            return fault(fmt, 403, "api_key: missing or not known here")
        source = holder.name
        if (refusal := self._guarded(request, source)) is not None:
            return refusal
        try:
            report = _report(given, source, request.headers.get("idempotency-key"), self.rules())
        except ValidationError as error:
            return fault(fmt, 400, envelope.explain(error))
        except ValueError as error:
            return fault(fmt, 400, str(error))
        await self.send(report)
        id = ids.case_id(source, report.report_id)
        found = [{"service_request_id": id, "service_notice": "", "account_id": ""}]
        return write(fmt, "service_requests", "request", found, 201)

    def _guarded(self, request: Request, caller: str | None = None) -> Response | None:
        """A refusal for a wrong format or jurisdiction, or for too many calls."""
        fmt = _format(request)
        if request.path_params["fmt"] not in ("json", "xml"):
            return fault("json", 404, "the format is json or xml")
        here = request.query_params.get("jurisdiction_id")
        if here not in (None, "", self.rules().reference.manifest.county):
            return fault(fmt, 404, "jurisdiction_id: not this one")
        wait = self.limit.wait(caller or (request.client.host if request.client else ""))
        if wait:
            return fault(fmt, 429, f"too many calls: again in {wait} s", Retry_After=str(wait))
        return None


async def _as_fault(request: Request, error: Exception) -> Response:
    """What the framework refuses, in the standard's form."""
    assert isinstance(error, HTTPException)
    fmt = "xml" if request.url.path.endswith(".xml") else "json"
    return fault(fmt, error.status_code, str(error.detail))


def _format(request: Request) -> str:
    fmt = str(request.path_params["fmt"])
    return fmt if fmt in ("json", "xml") else "json"


def _report(given: Query, source: str, idempotency: str | None, rules: Rulebook) -> Report:
    """The standard's fields as a report. Raises ValueError and ValidationError."""
    code = given.get("service_code", "")
    if not rules.is_known_category(code):
        raise ValueError("service_code: missing or unknown; see services")
    place = {"lat": given.get("lat"), "lon": given.get("long"), "village": given.get("address_id")}
    place |= {"address": given.get("address_string")}
    if not any(place.values()):
        raise ValueError("lat and long, address_string or address_id: one of them is needed")
    who = given.get("account_id") or given.get("device_id") or given.get("email")
    name = f"{given.get('last_name', '')}{given.get('first_name', '')}".strip()
    media = [_media(given["media_url"])] if given.get("media_url") else []
    return Report.model_validate(
        {
            "report_id": idempotency or str(uuid4()),
            "source": source,
            "submitted_at": datetime.now(UTC),
            "text": given.get("description", ""),
            "category": code,
            "attachments": media,
            "location": {name: value for name, value in place.items() if value},
            "reporter": {
                "kind": "resident",
                "id": who or given.get("phone") or "anonymous",
                "name": name or None,
                "phone": given.get("phone") or None,
            },
        }
    )


def _media(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    kind = mimetypes.guess_type(parts.path)[0] or ""
    if parts.scheme not in ("http", "https") or not parts.netloc or len(url) > 2000:
        raise ValueError("media_url: an http or https address of 2000 characters at most")
    if not kind.startswith(MEDIA):
        raise ValueError("media_url: a picture, sound, film or PDF, told by the end of its name")
    return {"uri": url, "media_type": kind}
