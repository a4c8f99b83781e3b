"""`gridcase triage`: the petition officer's desk at a terminal."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from schemas.envelope import Message
    from schemas.inputs import TriageDecision

app = typer.Typer(
    help="Decide what no rule could 人工分拨: list the queue, assign, confirm, merge, reject …\n\n"
    "Every decision is an event on the case's record, a refused one too; its reason is told.",
    no_args_is_help=True,
)
console = Console(highlight=False)
Case = Annotated[str, typer.Argument(metavar="CASE", help="Case id, or SOURCE/REPORT_ID.")]
Reason = Annotated[str | None, typer.Option(help="Words for the record, and for the reporter.")]
By = Annotated[
    str | None, typer.Option(help="Who decides; else GRIDCASE_OFFICER, else your login.")
]
At = Annotated[
    str | None, typer.Option(help="When: RFC 3339. Usually now; needed where time is the stream's.")
]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Show what waits for a decision, the oldest first.

    Example: `gridcase triage list`
    """
    from lab.officer import NotSent, waiting
    from services.shell.endpoints import http_at

    try:
        queue = asyncio.run(waiting(http_at()["router"]))
    except NotSent as error:
        raise _failed(str(error)) from None
    if as_json:
        import orjson

        typer.echo(orjson.dumps(queue, option=orjson.OPT_INDENT_2).decode())
        return
    if not queue:
        console.print("nothing waits 无待办")
        return
    table = Table("case", "asks", "since", "kind", "area", "returned by", "why")
    for entry in queue:
        table.add_row(
            entry["case_id"],
            ", ".join(entry["asks"]),
            (entry["since"] or "")[:16],
            entry["category"] or "–",
            entry["area"],
            ", ".join(entry["returned_by"]) or "–",
            escape(entry["reason"] or ""),
        )
    console.print(table)


@app.command()
def assign(
    case: Case,
    department: Annotated[str, typer.Argument(help="Code of the department that leads.")],
    reason: Reason = None,
    by: By = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Give a case to a department, from the queue or from another (transfer 转办). Its word is final.

    Example: `gridcase triage assign 9f2c… county-housing --reason "by its charter"`
    """
    _decide(case, "assign", by, at, as_json, department=department, reason=reason)


@app.command()
def confirm(
    case: Case,
    category: Annotated[str | None, typer.Option(help="The kind that it really is.")] = None,
    grid: Annotated[str | None, typer.Option(help="The grid where it really is.")] = None,
    by: By = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Confirm what the machine guessed, or put it right while it asks.

    Example: `gridcase triage confirm 9f2c… --category street-lights`
    """
    _decide(case, "confirm", by, at, as_json, category=category, grid=grid)


@app.command()
def correct(
    case: Case,
    category: Annotated[str | None, typer.Option(help="The right kind.")] = None,
    grid: Annotated[str | None, typer.Option(help="The right grid.")] = None,
    reason: Reason = None,
    by: By = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Put a wrong kind or place right after assignment; the case is routed again.

    Example: `gridcase triage correct 9f2c… --grid 610921100001012`
    """
    _decide(case, "correct", by, at, as_json, category=category, grid=grid, reason=reason)


@app.command()
def merge(
    case: Case,
    into: Annotated[str, typer.Argument(help="The earlier case about the same matter.")],
    reason: Reason = None,
    by: By = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Merge a case into an earlier one, with all its reports. `unmerge` undoes it.

    Example: `gridcase triage merge 9f2c… 1d77…`
    """
    _decide(case, "merge", by, at, as_json, into=_case_of(into), reason=reason)


@app.command()
def unmerge(
    case: Case, reason: Reason = None, by: By = None, at: At = None, as_json: Json = False
) -> None:
    """Undo a merge: the case is its own again, and is routed anew.

    Example: `gridcase triage unmerge 9f2c… --reason "another place"`
    """
    _decide(case, "unmerge", by, at, as_json, reason=reason)


@app.command()
def reject(
    case: Case,
    reason: Annotated[str, typer.Option(help="The words for the reporter.")],
    by: By = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """End a case that is nobody's to handle, with a reason that the reporter hears.

    Example: `gridcase triage reject 9f2c… --reason "belongs to the railway police"`
    """
    _decide(case, "reject", by, at, as_json, reason=reason)


@app.command()
def close(
    case: Case,
    reason: Annotated[str, typer.Option(help="The words for the reporter.")],
    by: By = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Close a case by hand, with a reason that the reporter hears.

    Example: `gridcase triage close 9f2c… --reason "mended on the way by the village"`
    """
    _decide(case, "close", by, at, as_json, reason=reason)


@app.command()
def withdraw(
    case: Case, reason: Reason = None, by: By = None, at: At = None, as_json: Json = False
) -> None:
    """End a case because its reporter takes it back.

    Example: `gridcase triage withdraw 9f2c… --reason "called: it is solved"`
    """
    _decide(case, "withdraw", by, at, as_json, reason=reason)


@app.command()
def grant(
    case: Case, reason: Reason = None, by: By = None, at: At = None, as_json: Json = False
) -> None:
    """Grant the time that the department asked for, once.

    Example: `gridcase triage grant 9f2c…`
    """
    _decide(case, "grant_extension", by, at, as_json, reason=reason)


@app.command()
def review(
    case: Case,
    objected: Annotated[bool, typer.Option("--objected", help="It must not go on so.")] = False,
    reason: Reason = None,
    by: By = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Give the legal review 法制审核 that a major decision waits for.

    Example: `gridcase triage review 9f2c… --reason "lawful, and well founded"`
    """
    outcome = "objected" if objected else "approved"
    _decide(case, "legal_review", by, at, as_json, outcome=outcome, reason=reason)


@app.command()
def whistle(
    case: Case,
    team: Annotated[str | None, typer.Option(help="Kind or code; else the unit above.")] = None,
    reason: Reason = None,
    by: By = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Call the team one level up for whoever leads 吹哨报到.

    Example: `gridcase triage whistle 9f2c… --team town-enforcement-team --reason "needs powers"`
    """
    _decide(case, "whistle", by, at, as_json, department=team, reason=reason)


@app.command()
def excuse(
    case: Case,
    department: Annotated[str, typer.Argument(help="Whose part is waited for no longer.")],
    reason: Reason = None,
    by: By = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Excuse the part of an assisting department.

    Example: `gridcase triage excuse 9f2c… town-enforcement-610921100`
    """
    _decide(case, "excuse_part", by, at, as_json, department=department, reason=reason)


# ── sending ──────────────────────────────────────────────────────────────────────────────────


def _decide(
    case: str, action: str, by: str | None, at: str | None, as_json: bool, **more: Any
) -> None:
    from lab.officer import NotSent, decide, new_id
    from schemas.inputs import TriageDecision
    from services.shell.endpoints import http_at, settings_at, who

    decision = TriageDecision.model_validate(
        {
            "case_id": _case_of(case),
            "decision_id": new_id(),
            "at": at or datetime.now(UTC),
            "by": by or who(),
            "action": action,
            **{name: value for name, value in more.items() if value is not None},
        }
    )
    try:
        event = asyncio.run(decide(settings_at(), http_at()["router"], decision))
    except NotSent as error:
        raise _failed(str(error)) from None
    _show(decision, event, as_json)


def _case_of(id: str) -> str:
    from lab.story.case_log import case_of

    return case_of(id)


def _show(decision: TriageDecision, event: Message[Any] | None, as_json: bool) -> None:
    refusal = getattr(event.data, "refusal", None) if event else None
    if as_json:
        import orjson

        said = {
            "case_id": decision.case_id,
            "decision_id": decision.decision_id,
            "event": event and event.type,
            "refusal": refusal,
        }
        typer.echo(orjson.dumps(said).decode())
    elif event is None:
        console.print(
            f"sent, and not answered yet: no event for {decision.decision_id}. "
            f"Is there a case {decision.case_id}? `gridcase case {decision.case_id}` shows it",
            soft_wrap=True,
        )
    elif refusal:
        console.print(f"[red]refused 未接受[/]: {escape(refusal)}", soft_wrap=True)
    else:
        console.print(f"[green]done[/]: {event.type} on case {event.subject}", soft_wrap=True)
    if event is None or refusal:
        raise typer.Exit(1)


def _failed(problem: str) -> typer.Exit:
    error = Console(stderr=True, highlight=False)
    error.print(f"[red]error[/] {escape(problem)}", soft_wrap=True)
    if "answer" in problem:
        error.print(
            "[dim]next[/]  start a platform by `gridcase up`, or run this where its run/ is"
        )
    return typer.Exit(1)
