"""`gridcase classifier`: train one on messages of your own, judge it, and learn from officers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from cli.as_json import AsJson

if TYPE_CHECKING:
    from lab.training.rows import Labelled
    from services.intake.classifier import Classifier

app = typer.Typer(help="Train, judge and ask the classifier of categories.", no_args_is_help=True)
console = Console(highlight=False)
aside = Console(highlight=False, stderr=True)
Files = Annotated[
    list[Path], typer.Argument(help="CSV files with `label`, and `subject` or `detail` or both.")
]
Model = Annotated[Path | None, typer.Option(help="Model file; without it, the one shipped.")]
KINDS = {"subject": "subject alone", "detail": "detail alone", "both": "full message"}


@app.command()
def train(
    files: Files,
    out: Annotated[Path, typer.Option(help="Where to write the model.")],
    hold_out: Annotated[
        float, typer.Option(min=0, max=0.5, help="Share of messages not trained on, to judge by.")
    ] = 0.0,
    held_out_to: Annotated[
        Path | None, typer.Option(help="Write the messages held out, for `evaluate`.")
    ] = None,
    right: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="Share right of those that pass unasked.")
    ] = 0.98,
    seed: Annotated[int, typer.Option(help="Which messages are held out, and the folds.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Train a model on all rows, unless some are held out on purpose.

    Subjects and details of the same messages in separate files are put together again first. The
    figures shown are of messages that the model had not seen: in five folds, or those held out.

    Example: `gridcase classifier train letters.csv --out county.model`

    A fifth held out, and judged apart:
    `gridcase classifier train a.csv b.csv --out m.model --hold-out 0.2 --held-out-to fifth.csv` and
    `gridcase classifier evaluate --model m.model fifth.csv`
    """
    from lab.training.pairing import join_parts
    from lab.training.rows import RowsError, read_rows, write_rows
    from lab.training.rows import hold_out as split

    try:
        rows = join_parts(read_rows(files))
    except RowsError as error:
        _stop(str(error))
    kept, held = split(rows, hold_out, seed)
    if held_out_to:
        write_rows(held_out_to, held)
    model = _fit(kept, right, seed)
    if held:
        from lab.training.judging import report

        model.card.metrics["held_out"] = report(model, held)
    model.save(out)
    if as_json:
        _print_json(model.card.metrics | {"model": model.card.version})
        return
    aside.print(f"model [bold]{model.card.version}[/] in {out}: {out.stat().st_size / 1e6:.1f} MB")
    figures = model.card.metrics.get("held_out", {}).get("kinds") or model.card.metrics["folds"]
    _show(figures, "held out" if held else "in five folds")


@app.command()
def evaluate(
    files: Files,
    model: Model = None,
    as_json: AsJson = False,
    picture: Annotated[
        Path | None, typer.Option(help="Write the report as a picture (SVG).")
    ] = None,
) -> None:
    """Judge a model by labelled messages: accuracy, macro-F1, and what would pass unasked.

    Example: `gridcase classifier evaluate --model county.model fifth.csv --picture report.svg`
    """
    from lab.training.judging import report
    from lab.training.rows import RowsError, read_rows

    try:
        rows = read_rows(files)
    except RowsError as error:
        _stop(str(error))
    figures = report(_load(model), rows)
    if picture:
        from lab.training.picture import draw

        picture.write_text(draw(figures), encoding="utf-8")
    if as_json:
        _print_json(figures)
        return
    _show(figures["kinds"], f"model {figures['model']}")
    _show_labels(figures)
    aside.print(f"{figures['ms_per_message']:.2f} ms a message, reasons included")


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="What somebody reported.")],
    subject: Annotated[str, typer.Option(help="Its heading, where it has one.")] = "",
    model: Model = None,
    as_json: AsJson = False,
) -> None:
    """What the classifier makes of one message, and why.

    Example: `gridcase classifier ask 村口的路灯坏了好几天`
    """
    from dataclasses import asdict

    from services.intake.classifier import Words

    found = _load(model).suggest(Words(subject, text))
    if as_json:
        _print_json(asdict(found) if found else {})
    elif found is None:
        console.print("nothing known in these words: a person would be asked")
    else:
        what = "passes unasked" if found.sure else "a person would be asked"
        console.print(f"[bold]{found.label}[/] {found.chance:.1%}, {what}")
        console.print(f"because of {'、'.join(found.because)}")


@app.command()
def learn(
    out: Annotated[Path, typer.Option(help="CSV file to write, as `train` reads it.")],
    log: Annotated[
        Path | None, typer.Option(help="An exported log; without it, the log on the broker.")
    ] = None,
    only_asked: Annotated[
        bool, typer.Option(help="Leave out categories that nobody had doubted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make training rows of what petition officers confirmed, or put right.

    The texts are the masked ones of the log. Train on them together with what you had.

    Example: `gridcase classifier learn --log run/demo/log.jsonl --out answers.csv`
    """
    from lab.training.answers import answers_in, from_broker, from_file
    from lab.training.rows import write_rows

    lines = from_file(log) if log else from_broker()
    rows = answers_in(lines, only_asked=only_asked)
    write_rows(out, rows)
    if as_json:
        _print_json({"answers": len(rows), "file": str(out)})
        return
    aside.print(f"{len(rows)} answers in {out}")


def _fit(rows: list[Labelled], right: float, seed: int) -> Classifier:
    from lab.training.fitting import TrainingError
    from lab.training.fitting import train as fit

    try:
        with aside.status("training") as status:
            return fit(rows, right=right, seed=seed, say=lambda what: status.update(what))
    except TrainingError as error:
        _stop(str(error))


def _load(path: Path | None) -> Classifier:
    from services.intake.classifier import SHIPPED, ModelError, load

    try:
        return load(path or SHIPPED)
    except ModelError as error:
        _stop(str(error))


def _show(kinds: dict[str, Any], title: str) -> None:
    table = Table(title=title, title_justify="left")
    for name in ("", "messages", "accuracy", "macro-F1", "pass unasked", "right of those"):
        table.add_column(name, justify="left" if not name else "right")
    for kind, figures in sorted(kinds.items()):
        passed = f"{figures['passed']:,} = {figures['coverage']:.1%}"
        table.add_row(
            KINDS[kind],
            f"{figures['messages']:,}",
            f"{figures['accuracy']:.3f}",
            f"{figures['macro_f1']:.3f}",
            passed,
            f"{figures['accuracy_at_coverage']:.1%}",
        )
    console.print(table)


def _show_labels(figures: dict[str, Any]) -> None:
    table = Table()
    for name in ("label", "messages", "precision", "recall", "F1", "pass unasked", "right"):
        table.add_column(name, justify="left" if name == "label" else "right")
    for label, f in figures["per_label"].items():
        shares = (f"{f[name]:.3f}" for name in ("precision", "recall", "f1"))
        table.add_row(
            label, f"{f['messages']:,}", *shares, f"{f['passed']:,}", f"{f['right_of_passed']:.1%}"
        )
    console.print(table)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))


def _stop(reason: str) -> NoReturn:
    aside.print(f"[red]error[/] {reason}", soft_wrap=True)
    raise typer.Exit(1)
