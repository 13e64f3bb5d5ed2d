import pandas as pd

from tierkit.reporting.answers import answer_reasons
from tierkit.reporting.earlier import earlier_reasons
from tierkit.reporting.reasons import split_reasons

REASONS = pd.DataFrame(
    [
        ("a", 1, 0.9, "for one", True, "behavioural"),
        ("a", 2, -0.8, None, False, "effort"),
        ("a", 3, 0.7, "for two", True, "effort"),
        ("a", 4, -0.6, "against one", True, "trigger"),
        ("a", 5, 0.5, "for three", True, "trigger"),
        ("a", 6, 0.4, "for four", True, "trigger"),
        ("b", 1, 0.1, None, False, "trigger"),
        ("c", 1, -0.2, "against it", True, "effort"),
    ],
    columns=["account_id", "rank", "contribution", "words", "shown", "group"],
)


def test_three_for_and_one_against_of_what_is_shown():
    split = split_reasons(REASONS.sample(frac=1, random_state=2), pd.Series(["c", "a", "nobody", "b"]))
    assert list(split.index) == ["c", "a", "nobody", "b"]
    assert split.loc["a", "reasons_for"] == ("for one", "for two", "for three")
    assert split.loc["a", "reason_against"] == "against one"
    # An account whose reasons are all too weak is there, without any.
    assert split.loc["b", "reasons_for"] == split.loc["nobody", "reasons_for"] == ()
    assert split.loc["b", "reason_against"] is None
    assert split.loc["c", "reason_against"] == "against it"


def test_the_answer_speaks_of_reasons_that_are_shown():
    said = answer_reasons(REASONS).html.replace("\xa0", " ")
    assert "behavioural for 50 % and own effort for 50 % of the 2 accounts. 1 account has none." in said
    hidden = REASONS.assign(shown=False)
    assert "Nothing sets any of the 3 accounts apart" in answer_reasons(hidden).html


def test_last_months_reasons_are_read_where_they_say_what_was_shown(tmp_path):
    for month, table in (("2026-08", REASONS), ("2026-09", REASONS.drop(columns="shown"))):
        (tmp_path / month).mkdir()
        (tmp_path / month / "manifest.json").write_text("{}")
        table.to_parquet(tmp_path / month / "reasons.parquet", index=False)
    assert earlier_reasons(tmp_path, "2026-08") is None
    assert earlier_reasons(tmp_path, "2026-09")["account_id"].tolist() == REASONS["account_id"].tolist()
    assert earlier_reasons(tmp_path, "2026-10") is None
