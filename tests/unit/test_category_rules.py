"""Categories and urgency from words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.reference import KeywordRule, Service, Settings, Urgency
from services.intake.category import CategoryRules, Guess
from services.intake.words import WordIndex

RULES = CategoryRules(
    (
        KeywordRule(category="street-lights", words=("路灯", "路灯不亮", "照明")),
        KeywordRule(category="potholes", words=("路面", "坑洼")),
        KeywordRule(category="noise", words=("噪音", "扰民", "KTV")),
        KeywordRule(category="late-noise", words=("噪音", "深夜"), service=Service.SENTIMENT),
        KeywordRule(category="phones", words=("电话",)),
    ),
    Settings(emergency_words=("塌方", "着火"), urgent_words=("尽快", "着急")),
)


def category(text: str) -> str | None:
    guess = RULES.guess(text)
    return guess.category if guess else None


def test_no_word_is_no_guess() -> None:
    assert RULES.guess("") is None
    assert RULES.guess("今天天气不错") is None


def test_the_words_found_are_the_explanation_in_the_rules_order() -> None:
    assert RULES.guess("深夜噪音") == Guess("late-noise", ("噪音", "深夜"), Service.SENTIMENT)


def test_most_words_win_over_longer_words() -> None:
    assert category("路面坑洼，照明") == "potholes"


def test_overlapping_words_all_count() -> None:
    assert RULES.guess("路灯不亮，路面也坏了") == Guess("street-lights", ("路灯", "路灯不亮"))


def test_longer_words_together_decide_between_as_many() -> None:
    rules = CategoryRules(
        (
            KeywordRule(category="short", words=("水管",)),
            KeywordRule(category="long", words=("自来水管",)),
        ),
        Settings(),
    )
    guess = rules.guess("自来水管破了")
    assert guess is not None
    assert guess.category == "long"


def test_the_order_of_the_file_decides_between_equals() -> None:
    assert category("噪音") == "noise"


def test_a_word_counts_once_however_often_it_stands() -> None:
    assert category("路面路面路面，噪音扰民") == "noise"


def test_latin_words_are_found_in_any_case() -> None:
    assert RULES.guess("楼下ktv太吵") == Guess("noise", ("KTV",))


def test_marks_of_masked_text_are_not_words() -> None:
    assert RULES.guess("请打〔电话〕") is None
    assert category("电话打不通") == "phones"


def test_emergency_goes_before_urgent_and_both_before_normal() -> None:
    assert RULES.urgency("塌方了，请尽快来") is Urgency.EMERGENCY
    assert RULES.urgency("请尽快来") is Urgency.URGENT
    assert RULES.urgency("路灯坏了") is Urgency.NORMAL


LETTERS = st.text(alphabet="abAB路灯亮", max_size=4)


@given(st.lists(LETTERS, max_size=12), st.text(alphabet="abAB路灯亮 ", max_size=40))
def test_the_index_finds_just_the_words_that_are_in_the_text(words: list[str], text: str) -> None:
    folded = {word.casefold() for word in words if word}
    assert WordIndex(words).found(text) == {word for word in folded if word in text.casefold()}
