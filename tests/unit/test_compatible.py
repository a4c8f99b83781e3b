"""What the last release promised is kept, and whoever breaks it is told what to do instead."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas import compatible
from schemas.comparing import differences
from schemas.topics import PAYLOADS

NOW = compatible.contract()
Change = Callable[[dict[str, Any]], Any]


def broken(change: Change, name: str = "case.signed.v1") -> list[compatible.Break]:
    """What a change to one message's schema breaks."""
    new = deepcopy(NOW)
    change(new["messages"][name])
    return list(compatible.breaks(NOW, new))


def data(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of its data."""
    model: dict[str, Any] = schema["$defs"][schema["properties"]["data"]["$ref"].split("/")[-1]]
    return model


def test_what_the_last_release_promised_is_kept() -> None:
    assert [str(each) for each in compatible.faults()] == []


def test_every_message_of_a_release_has_its_sample_for_ever() -> None:
    contract, samples = compatible.released()
    assert {orjson.loads(line)["sample"]["type"] for line in samples} >= contract["messages"].keys()


OTHER_FIELDS: dict[str, Change] = {
    "a field more, which may be missing": lambda s: data(s)["properties"].update(
        more={"type": "string"}
    ),
    "other words": lambda s: s.update(description="said better"),
}
BREAKS: dict[str, tuple[Change, str]] = {
    "a field is gone": (
        lambda s: data(s)["properties"].pop("department"),
        "data.department: the field is gone",
    ),
    "a field must be there": (
        lambda s: (data(s)["properties"].update(more={}), data(s)["required"].append("more")),
        "data.more: the field must be there now",
    ),
    "a field may be missing": (
        lambda s: data(s)["required"].remove("department"),
        "data.department: the field may be missing now",
    ),
    "another type": (
        lambda s: data(s)["properties"]["department"].update(type="integer"),
        "no longer: may be string",
    ),
    "may be null": (
        lambda s: data(s)["properties"].update(
            department={"anyOf": [{"type": "string"}, {"type": "null"}]}
        ),
        "new: may be null",
    ),
    "shorter": (
        lambda s: data(s)["properties"]["department"].update(maxLength=3),
        "maxLength was inf and is 3",
    ),
    "another number": (lambda s: s["properties"]["type"].update(const="case.signed.v2"), "const"),
}


@pytest.mark.parametrize("change", OTHER_FIELDS)
def test_who_ignores_what_he_does_not_know_is_not_disturbed(change: str) -> None:
    assert broken(OTHER_FIELDS[change]) == []


@pytest.mark.parametrize("change", BREAKS)
def test_a_change_that_breaks_somebody_is_named_with_what_to_do(change: str) -> None:
    how, said = BREAKS[change]
    found = [str(each) for each in broken(how)]
    assert any(said in each for each in found), found
    assert all("→" in each and "next number" in each for each in found)


def test_a_new_value_breaks_those_who_read_and_not_what_outsiders_write() -> None:
    def one_more(schema: dict[str, Any]) -> None:
        (action,) = [m for m in schema["$defs"].values() if "sign" in m.get("enum", ())]
        action["enum"].append("hum")

    assert broken(one_more, "update.submitted.v1") == []
    assert [each.what for each in broken(one_more, "router.submit-update.v1")] == [
        "new: the value hum"
    ]


def test_what_outsiders_could_write_they_can_still_write() -> None:
    def one_less(schema: dict[str, Any]) -> None:
        (action,) = [m for m in schema["$defs"].values() if "sign" in m.get("enum", ())]
        action["enum"].remove("sign")

    assert broken(one_less, "update.submitted.v1")


@pytest.mark.parametrize("kind", ["messages", "topics", "lifecycle"])
def test_nothing_that_was_released_goes_away(kind: str) -> None:
    new = deepcopy(NOW)
    name, _ = new[kind].popitem()
    assert [each for each in compatible.breaks(NOW, new) if name in each.where]


def test_a_row_of_the_lifecycle_never_changes() -> None:
    new = deepcopy(NOW)
    new["lifecycle"]["case.signed.v1"]["after"].append("open")
    (found,) = compatible.breaks(NOW, new)
    assert found.where == "lifecycle case.signed.v1"


def test_a_keyword_that_is_not_understood_is_not_passed_over() -> None:
    with pytest.raises(NotImplementedError, match="multipleOf"):
        differences({"type": "integer"}, {"type": "integer", "multipleOf": 3})


def test_a_sample_that_is_not_read_any_more_is_named() -> None:
    old = {"release": "0.0.1", "sample": {"type": "case.dreamt.v1"}}
    (found,) = compatible.unread([orjson.dumps(old)])
    assert "case.dreamt.v1 of release 0.0.1" in str(found)


def test_a_release_adds_samples_and_changes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert compatible.release("0.1.0", tmp_path) == len(PAYLOADS)
    first = (tmp_path / compatible.SAMPLES).read_bytes()
    newer = {"case.signed.v2": {"type": "case.signed.v2"}}
    monkeypatch.setattr(compatible, "read_samples", lambda: newer)
    assert compatible.release("0.2.0", tmp_path) == 1
    assert (tmp_path / compatible.SAMPLES).read_bytes().startswith(first)
