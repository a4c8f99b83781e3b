"""Who may act over HTTP: tokens with roles, in the service that is served, and on its record."""

from __future__ import annotations

import hmac
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app as command
from services.shell.access import (
    Access,
    Role,
    TokensError,
    hash_of,
    is_loopback,
    line_of,
    new_token,
    read_keys,
    read_tokens,
)
from services.shell.settings import Settings
from tests.fuzz.worlds import known
from tests.served import Answer, Application, application, as_bytes

TRIAGE, LOOK, OPERATE, REPORTS = (new_token() for _ in range(4))
TOKENS = "\n".join(
    [
        "# who may",
        line_of(Role.TRIAGE, "li", TRIAGE),
        f"{line_of(Role.SUPERVISE, 'head', LOOK)}, {line_of(Role.OPERATE, 'ops', OPERATE)}",
        line_of(Role.REPORTS, "my-app", REPORTS),
    ]
)
DECISION = {
    "case_id": known()[0], "decision_id": "d1", "at": "2022-07-04T09:00:00Z", "by": "li",
    "action": "reject", "reason": "not ours",
}  # fmt: skip
READS = [("router", "/triage"), ("router", f"/ledger?case={known()[0]}")]
READS += [(name, f"/case?id={known()[0]}") for name in ("intake", "router", "sla", "rating")]
DOORS = [("router", "/triage/decisions"), ("intake", "/erase")]


def bearer(token: str) -> Any:
    return as_bytes(authorization=f"Bearer {token}")


async def decides(app: Application, headers: Any, **changes: Any) -> Answer:
    return await app.ask("POST", "/triage/decisions", orjson.dumps(DECISION | changes), headers)


def error_of(answer: Answer) -> str:
    return str(orjson.loads(answer.body)["error"])


# ── with tokens ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("given", [as_bytes(), bearer("gc_guessed"), as_bytes(x_api_key="x" * 40)])
async def test_nobody_decides_without_a_token_that_is_known(given: Any) -> None:
    app = application("router", tokens=TOKENS)
    answer = await decides(app, given)
    assert answer.status == 401
    assert answer.headers[b"www-authenticate"] == b"Bearer"
    assert "gridcase token new --role triage" in error_of(answer)
    assert app.broker.sent == []


async def test_an_officer_decides_under_the_name_of_the_token_alone() -> None:
    app = application("router", tokens=TOKENS)
    assert (await decides(app, bearer(TRIAGE))).status == 202
    assert (await decides(app, bearer(TRIAGE), by="li/window-3")).status == 202
    assert (await decides(app, as_bytes(x_api_key=TRIAGE))).status == 202
    sent = [orjson.loads(value)["by"] for _, value in app.broker.sent]
    assert sent == ["li", "li/window-3", "li"]
    for another in ("wang", "lily", "", "head"):
        answer = await decides(app, bearer(TRIAGE), by=another)
        assert answer.status in (403, 422)
    assert len(app.broker.sent) == 3


@pytest.mark.parametrize("token", [LOOK, OPERATE, REPORTS])
async def test_another_role_decides_nothing(token: str) -> None:
    app = application("router", tokens=TOKENS)
    answer = await decides(app, bearer(token))
    assert (answer.status, app.broker.sent) == (403, [])
    assert "triage" in error_of(answer)


@pytest.mark.parametrize(("service", "page"), READS)
async def test_cases_are_shown_to_those_who_may_look(service: str, page: str) -> None:
    app = application(service, tokens=TOKENS)
    assert (await app.ask("GET", page)).status == 401
    assert (await app.ask("GET", page, headers=bearer(REPORTS))).status == 403
    for token in (TRIAGE, LOOK, OPERATE):
        assert (await app.ask("GET", page, headers=bearer(token))).status in (200, 404)


async def test_figures_health_and_the_public_page_need_no_token() -> None:
    app = application("rating", tokens=TOKENS, host="0.0.0.0")
    for page in ("/", "/api/scorecards", "/metrics", "/healthz", "/readyz", "/quiet", "/asyncapi"):
        assert (await app.ask("GET", page)).status == 200, page


async def test_an_erasure_is_on_record_under_the_name_of_the_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app, erased = application("intake", tokens=TOKENS), []

    async def erase(case: str, by: str | None = None) -> bool:
        erased.append((case, by))
        return True

    monkeypatch.setattr(app.runtime.vault, "erase", erase)
    body = orjson.dumps({"case_id": known()[0]})
    for token, status in ((TRIAGE, 403), (LOOK, 403), (OPERATE, 200)):
        assert (await app.ask("POST", "/erase", body, bearer(token))).status == status
    assert set(erased) >= {(known()[0], "ops")}
    assert {by for _, by in erased} == {"ops"}
    other = orjson.dumps({"case_id": known()[0], "by": "li"})
    assert (await app.ask("POST", "/erase", other, bearer(OPERATE))).status == 403


# ── without tokens ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("service", "door"), DOORS)
async def test_on_this_machine_alone_nobody_needs_a_token(service: str, door: str) -> None:
    app = application(service)
    body = DECISION if service == "router" else {"case_id": known()[0]}
    assert (await app.ask("POST", door, orjson.dumps(body))).status in (200, 202)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "router.example"])
@pytest.mark.parametrize(("service", "door"), DOORS)
async def test_where_others_reach_it_nobody_acts_until_there_is_a_token(
    service: str, door: str, host: str
) -> None:
    app = application(service, host=host)
    body = DECISION if service == "router" else {"case_id": known()[0]}
    answer = await app.ask("POST", door, orjson.dumps(body))
    assert answer.status == 401
    assert "gridcase token new" in error_of(answer)
    assert (await app.ask("GET", "/case?id=x")).status == 401


async def test_reports_are_open_there_until_somebody_has_a_token_for_them() -> None:
    report = {
        "report_id": "1", "source": "my-app", "submitted_at": "2022-07-04T09:00:00Z", "text": "灯",
        "reporter": {"kind": "resident", "id": "u"},
    }  # fmt: skip
    body = orjson.dumps(report)
    closed = application("intake", host="0.0.0.0", tokens=TOKENS)
    assert (await application("intake", host="0.0.0.0").ask("POST", "/reports", body)).status == 202
    assert (await closed.ask("POST", "/reports", body)).status == 401
    assert (await closed.ask("POST", "/reports", body, bearer(TRIAGE))).status == 403
    assert (await closed.ask("POST", "/reports", body, bearer(REPORTS))).status == 202
    another = orjson.dumps(report | {"source": "hotline"})
    assert (await closed.ask("POST", "/reports", another, bearer(REPORTS))).status == 403


@pytest.mark.parametrize(
    "headers",
    [
        as_bytes(origin="https://evil.example"),
        [(b"host", b"evil.example:8002")],
        [(b"host", b"127.0.0.1.evil.example")],
        [(b"host", b"[::1")],
    ],
)
async def test_a_web_page_in_the_officers_browser_does_not_act_for_the_officer(
    headers: Any,
) -> None:
    app = application("router")
    assert (await decides(app, headers)).status == 403
    assert (await app.ask("GET", "/triage", headers=headers)).status == 403
    assert app.broker.sent == []


# ── hashes ───────────────────────────────────────────────────────────────────────────────────


def test_no_token_stands_in_the_settings() -> None:
    assert all(token not in TOKENS for token in (TRIAGE, LOOK, OPERATE, REPORTS))
    shown = repr(Settings(tokens=TOKENS, api_keys="k" * 20 + "=app", kafka_password="secret-1"))
    assert hash_of(TRIAGE) not in shown
    assert "kkkk" not in shown
    assert "secret-1" not in shown
    assert TRIAGE.startswith("gc_")
    assert len({new_token() for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "wrong", [TRIAGE, f"triage:li:{TRIAGE}", f"admin:li:{hash_of('x')}", "a:b"]
)
def test_what_is_no_line_is_refused_and_not_repeated(wrong: str) -> None:
    with pytest.raises(TokensError, match="role:name:hash") as refused:
        read_tokens(wrong)
    assert TRIAGE not in str(refused.value)


def test_keys_of_before_are_known_by_their_hashes_too() -> None:
    clear = read_keys(f"{'k' * 20}=app, {'z' * 16}=hotline")
    hashed = read_keys(f"sha256:{hash_of('k' * 20)}=app,sha256:{hash_of('z' * 16)}=hotline")
    assert clear == hashed
    holder = Access(clear).holder("k" * 20)
    assert holder is not None
    assert (holder.role, holder.name) == (Role.REPORTS, "app")
    assert Access(clear).holder(hash_of("k" * 20)) is None
    assert Access(clear).holder("") is Access(clear).holder(None) is None
    with pytest.raises(TokensError, match="16 characters"):
        read_keys("short=app")


def test_a_token_is_compared_with_every_hash_in_constant_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[str] = []
    honest = hmac.compare_digest

    def compare(one: str, other: str) -> bool:
        compared.append(one)
        return honest(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    access = Access(read_tokens(TOKENS))
    for token in (TRIAGE, "gc_guessed"):
        compared.clear()
        access.holder(token)
        assert len(compared) == 4


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("::1", True), ("[::1]", True), ("localhost", True), ("0.0.0.0", False),
     ("127.0.0.1.evil.example", False), ("", False), ("::ffff:10.0.0.1", False)],
)  # fmt: skip
def test_what_is_this_machine(host: str, local: bool) -> None:
    assert is_loopback(host) is local


# ── the command ──────────────────────────────────────────────────────────────────────────────


def test_a_token_is_shown_once_with_the_line_that_lets_it_in() -> None:
    made = CliRunner().invoke(
        command, ["token", "new", "--role", "triage", "--name", "li", "--json"]
    )
    said = orjson.loads(made.stdout)
    holder = Access(read_tokens(said["line"])).holder(said["token"])
    assert holder is not None
    assert (holder.role, holder.name) == (Role.TRIAGE, "li")
    assert said["token"] not in said["line"]


def test_a_key_that_exists_becomes_a_line() -> None:
    key = "k" * 20
    made = CliRunner().invoke(
        command, ["token", "hash", "--role", "reports", "--name", "app"], input=key
    )
    assert key not in made.output
    assert Access(read_tokens(made.stdout.split()[1])).holder(key) is not None
    short = CliRunner().invoke(
        command, ["token", "hash", "--role", "reports", "--name", "a"], input="k"
    )
    assert short.exit_code == 2
    unfit = CliRunner().invoke(command, ["token", "new", "--role", "triage", "--name", "a b"])
    assert unfit.exit_code == 2
