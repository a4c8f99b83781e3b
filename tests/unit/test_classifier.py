"""The classifier: words come in, a category with its chance and its reasons goes out."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.main import app
from lab.training.fitting import TrainingError, train
from lab.training.judging import report
from lab.training.pairing import join_parts
from lab.training.picture import draw
from lab.training.rows import Labelled, RowsError, hold_out, read_rows, write_rows
from services.intake.classifier import SHIPPED, Classifier, ModelError, Words, load
from services.intake.ngrams import ngrams, plain

LIGHTS = ("路灯不亮了", "路灯坏了", "太阳能路灯不亮", "灯坏了没人修", "街上的路灯全灭了")
ROADS = ("路面坑洼", "公路上有个大坑", "水泥路烂了", "路面破损要修补", "坑洼的公路难走")
SHIPPED_MODEL = load(SHIPPED)
PLACES = ("村口", "桥头", "学校门口", "街上", "河边", "组上", "集镇", "山坡下", "院子外", "广场旁")


def rows() -> list[Labelled]:
    made = [(f"{place}{text}", "lights") for place in PLACES for text in LIGHTS]
    made += [(f"{place}{text}", "roads") for place in PLACES for text in ROADS]
    return [Labelled(Words(detail=text), label) for text, label in made]


@pytest.fixture(scope="module")
def model() -> Classifier:
    mixed = [*rows(), Labelled(Words(detail="路灯和路面都坏了"), "roads")]
    return train([*mixed, Labelled(Words(detail="坑洼的路灯下面"), "lights")], right=0.9)


def test_words_lead_to_a_category_and_its_reasons(model: Classifier) -> None:
    found = model.suggest(Words(detail="我们村的路灯坏了"))
    assert found is not None
    assert found.label == "lights"
    assert "路灯" in found.because or "灯坏" in found.because
    assert 0 <= found.chance <= 1


def test_words_that_the_model_has_never_met_suggest_nothing(model: Classifier) -> None:
    for text in ("", "   ", "🎉🎉🎉", "\u200b\u200b", "〔电话〕"):
        assert model.suggest(Words(detail=text)) is None


def test_a_kind_of_message_that_training_never_saw_is_never_sure(model: Classifier) -> None:
    found = model.suggest(Words(subject="路灯", detail="路灯坏了"))
    assert found is not None
    assert not found.sure


def test_a_heading_and_a_text_are_weighed_together(model: Classifier) -> None:
    text = model.scores("路灯坏了")
    both = model.scores("路灯坏了") + model.scores("公路")
    assert text.argmax() == model.card.labels.index("lights")
    assert both.shape == text.shape


@given(st.text())
def test_the_same_text_in_another_width_or_case_has_the_same_ngrams(text: str) -> None:
    assert ngrams(text) == ngrams(plain(text))


@settings(max_examples=200)
@given(st.text(max_size=300))
def test_any_text_whatever_is_answered(text: str) -> None:
    found = SHIPPED_MODEL.suggest(Words(detail=text))
    assert found is None or 0 <= found.chance <= 1


def test_scoring_a_letter_of_four_hundred_characters_takes_less_than_half_a_millisecond() -> None:
    model = load(SHIPPED)
    letter = Words(detail="村口到学校那段路灯全灭了，路面坑洼，晚上老人孩子走着害怕。" * 14)
    model.suggest(letter)
    times = []
    for _ in range(40):
        began = thread_time()
        model.suggest(letter)
        times.append(thread_time() - began)
    assert min(times) < 0.0005


def test_a_model_read_from_its_file_says_the_same(model: Classifier, tmp_path: Path) -> None:
    model.save(tmp_path / "a.model")
    again = load(tmp_path / "a.model")
    words = Words(detail="桥头的路灯不亮")
    before, after = model.suggest(words), again.suggest(words)
    assert before is not None
    assert after is not None
    assert (before.label, before.sure) == (after.label, after.sure)
    assert before.chance == pytest.approx(after.chance, abs=0.01)
    assert again.card == model.card


def test_equal_rows_make_equal_files_whatever_their_order(tmp_path: Path) -> None:
    train(rows(), right=0.9).save(tmp_path / "a.model")
    train(rows(), right=0.9).save(tmp_path / "b.model")
    assert (tmp_path / "a.model").read_bytes() == (tmp_path / "b.model").read_bytes()
    assert train(rows()[::-1], right=0.9).card.version == load(tmp_path / "a.model").card.version


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 half of one"])
def test_a_file_that_is_no_model_is_refused_with_the_next_step(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "x.model").write_bytes(content)
    with pytest.raises(ModelError, match="train"):
        load(tmp_path / "x.model")


def test_what_passes_unasked_is_right_as_often_as_was_demanded(model: Classifier) -> None:
    figures = model.card.metrics["folds"]["detail"]
    assert figures["passed"] > 0
    assert figures["accuracy_at_coverage"] >= 0.9


def test_one_label_alone_cannot_be_told_from_anything() -> None:
    with pytest.raises(TrainingError, match="two labels"):
        train([row for row in rows() if row.label == "lights"])


# ── rows ─────────────────────────────────────────────────────────────────────────────────────


def test_a_fifth_is_held_out_of_every_label_and_no_copy_of_it_is_trained_on() -> None:
    twice = rows() * 2
    kept, held = hold_out(twice, 0.2, seed=3)
    assert len(kept) + len(held) == len(twice)
    assert {row.label for row in held} == {"lights", "roads"}
    assert not {row.words for row in kept} & {row.words for row in held}
    assert len(held) == pytest.approx(len(twice) / 5, rel=0.1)


def test_nothing_is_held_out_unless_one_asks() -> None:
    assert hold_out(rows(), 0.0, seed=0) == (rows(), [])


def test_subjects_and_details_published_apart_are_put_together() -> None:
    letters = {
        "盘龙村路灯坏了无人修理": "您好,盘龙村三组的路灯坏了半个月,无人修理,请处理。",
        "清河桥护栏断裂": "清河桥的护栏断裂了两处,孩子上学经过很危险。",
    }
    apart = [Labelled(Words(subject=s), "x") for s in letters]
    apart += [Labelled(Words(detail=d), "x") for d in reversed(letters.values())]
    joined = join_parts([*apart, Labelled(Words(subject="完全无关的标题"), "x")])
    assert {(r.words.subject, r.words.detail) for r in joined if r.words.kind == "both"} == set(
        letters.items()
    )
    assert len(joined) == 3


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    some = [Labelled(Words("标题", "两行\n的,内容"), "a"), Labelled(Words("", "只有内容"), "b")]
    write_rows(tmp_path / "rows.csv", some)
    assert read_rows([tmp_path / "rows.csv"]) == some


@pytest.mark.parametrize(
    ("content", "reason"),
    [("text,label\n", "`label` is needed"), ("detail,label\n,a\n", "row 2 has no words"),
     ("detail,label\n字,\n", "row 2 has no label")],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_where_and_why(
    content: str, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.csv").write_text(content, encoding="utf-8")
    with pytest.raises(RowsError, match=reason):
        read_rows([tmp_path / "bad.csv"])


# ── reports and the command ──────────────────────────────────────────────────────────────────


def test_the_report_counts_every_message_once(model: Classifier) -> None:
    figures = report(model, rows())
    assert figures["messages"] == len(rows())
    assert sum(f["messages"] for f in figures["per_label"].values()) == len(rows())
    assert sum(n for row in figures["confusion"].values() for n in row.values()) == len(rows())
    picture = draw(figures)
    assert "lights" in picture
    assert picture.startswith("<svg")
    assert picture.endswith("</svg>")


def test_the_command_trains_holds_out_and_judges(tmp_path: Path) -> None:
    write_rows(tmp_path / "all.csv", rows())
    model, fifth = str(tmp_path / "m.model"), str(tmp_path / "fifth.csv")
    run = CliRunner().invoke
    args = ["classifier", "train", str(tmp_path / "all.csv"), "--out", model, "--right", "0.9"]
    trained = run(app, [*args, "--hold-out", "0.2", "--held-out-to", fifth, "--json"])
    assert trained.exit_code == 0, trained.output
    judged = run(app, ["classifier", "evaluate", "--model", model, fifth, "--json"])
    figures = json.loads(judged.stdout)
    names = ("accuracy", "macro_f1", "per_label", "coverage", "accuracy_at_coverage")
    held_out = json.loads(trained.stdout)["held_out"]
    assert [figures[name] for name in names] == [held_out[name] for name in names]
    assert figures["messages"] == 20


def test_the_command_says_what_to_do_about_a_missing_model(tmp_path: Path) -> None:
    answer = CliRunner().invoke(
        app, ["classifier", "ask", "路灯", "--model", str(tmp_path / "none")]
    )
    assert answer.exit_code == 1
    assert "gridcase classifier train" in answer.output


def test_the_shipped_model_says_what_it_is_and_how_good() -> None:
    card = load(SHIPPED).card
    figures = card.metrics["folds"]["detail"]
    assert len(card.labels) == 99
    assert figures["messages"] == card.rows
    assert figures["accuracy"] > 0.6
    assert figures["accuracy_at_coverage"] >= 0.98


def test_a_model_of_the_first_format_is_still_read(model: Classifier, tmp_path: Path) -> None:
    """It has no `telling.npy`, and its thresholds are margins, before the slope."""
    model.save(tmp_path / "new.model")
    with (
        zipfile.ZipFile(tmp_path / "new.model") as new,
        zipfile.ZipFile(tmp_path / "old.model", "w") as old,
    ):
        card = json.loads(new.read("card.json")) | {"format": 1}
        for judgement in card["judgements"].values():
            del judgement["rest"]
            judgement |= {"slope": 2.0, "thresholds": [1.5 for _ in card["labels"]]}
        old.writestr("card.json", json.dumps(card))
        for name in ("terms.txt", "idf.npy", "weights.npy"):
            old.writestr(name, new.read(name))
    read = load(tmp_path / "old.model")
    judgement = read.card.judgements["detail"]
    assert set(judgement.thresholds) == {3.0}
    assert judgement.lead(1.5, others=-4.0) == 3.0
    assert read.suggest(Words(detail="路灯坏了")) is not None
