"""What officers said becomes training rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from cli.main import app
from lab.training.answers import answers_in
from lab.training.rows import read_rows
from schemas import envelope, ids
from schemas.envelope import Message
from schemas.events import Confirmed
from tests.story import START
from tests.unit.test_joining import opened


def line(n: int, case: str, data: Any) -> bytes:
    return envelope.write(Message(ids.derive(n), "/services/intake", case, START, data))


def confirmed(category: str | None) -> Confirmed:
    return Confirmed(decision_id="k", by="officer", category=category, area="g111", changed=True)


UNSURE = opened(text="门口黑得很").model_copy(update={"category_by": "unsure"})
LOG = [
    line(1, "a", UNSURE),
    line(2, "a", confirmed("land")),
    line(3, "a", confirmed("street-lights")),
    line(4, "b", opened()),
    line(5, "b", confirmed("potholes")),
    line(6, "c", opened(text="没人说过什么的路灯")),
    line(7, "d", confirmed("land")),
    b"no event",
]


def test_the_last_word_on_a_case_is_its_label() -> None:
    found = {row.words.detail: row.label for row in answers_in(LOG)}
    assert found == {UNSURE.text: "street-lights", opened().text: "potholes"}


def test_only_what_was_asked_if_one_wishes() -> None:
    assert [row.label for row in answers_in(LOG, only_asked=True)] == ["street-lights"]


def test_a_copy_of_an_event_is_no_second_word() -> None:
    again = [*LOG, line(2, "a", confirmed("land"))]
    assert answers_in(again) == answers_in(LOG)


def test_the_command_writes_rows_that_train_reads(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(b"\n".join(LOG) + b"\n")
    args = ["classifier", "learn", "--log", str(tmp_path / "log.jsonl"), "--out"]
    answer = CliRunner().invoke(app, [*args, str(tmp_path / "rows.csv")])
    assert answer.exit_code == 0, answer.output
    assert len(read_rows([tmp_path / "rows.csv"])) == 2
