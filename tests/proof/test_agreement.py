"""Agreement with the tiers and between managers, worked out by hand and held against statsmodels."""

import numpy as np
import pandas as pd
import pytest

from tierkit.proof.agreement import (
    REVIEW_COLUMNS,
    VERDICTS,
    between_managers,
    found_wrong,
    model_agreement,
    say_agreement,
)
from tierkit.proof.intervals import wilson


def answers(rows: list[tuple[str, str, str]], *, tier: int = 1) -> pd.DataFrame:
    """Answers of (review, reviewer, verdict), each review of an account of its own."""
    frame = pd.DataFrame(rows, columns=["review_id", "reviewer", "verdict"])
    frame = frame.assign(week="2026-W45", account_id=frame["review_id"], name="", tier=tier, stratum="moved", reason="")
    return frame.reindex(columns=list(REVIEW_COLUMNS))


def pairs(table: list[list[int]], one: str = "ana", other: str = "ben") -> pd.DataFrame:
    """Answers of two managers with this table of counts."""
    rows = []
    for i, line in enumerate(table):
        for j, count in enumerate(line):
            for _ in range(count):
                review = f"R{len(rows):04d}"
                rows += [(review, one, VERDICTS[i]), (review, other, VERDICTS[j])]
    return answers(rows)


def test_agreement_with_the_model_counts_wrong_data_as_none() -> None:
    verdicts = ["agree"] * 6 + ["too high", "too high", "too low", "wrong data"]
    table = model_agreement(answers([(f"r{i}", "ana", v) for i, v in enumerate(verdicts)]))
    whole = table.set_index(["by", "group"]).loc[("all", "all")]
    assert whole[["n", "n_agree", "n_too_high", "n_too_low", "n_wrong_data"]].tolist() == [10, 6, 2, 1, 1]
    assert whole["share"] == 0.6
    assert (whole["low"], whole["high"]) == pytest.approx(tuple(wilson(6, 10)))
    assert set(table["by"]) == {"all", "tier", "stratum", "reviewer"}  # nobody was judged twice


def test_the_interval_knows_that_two_answers_on_one_account_are_not_two_accounts() -> None:
    once = model_agreement(answers([(f"r{i}", "ana", "agree" if i % 2 else "too low") for i in range(20)]))
    twice = pairs([[10, 0, 0, 0], [0, 0, 0, 0], [0, 0, 10, 0], [0, 0, 0, 0]])
    both = model_agreement(twice).iloc[0]
    assert both["n"] == 40
    # 20 accounts whose two answers are the same say as much as 20 answers, up to G / (G - 1) = 20 / 19
    assert (both["low"], both["high"]) == pytest.approx(tuple(wilson(9.5, 19)))
    assert once.iloc[0]["low"] == pytest.approx(both["low"], abs=0.01)
    assert set(model_agreement(twice)["by"]) == {"all", "tier", "stratum", "reviewer", "judged twice"}


def test_kappa_by_hand_and_by_statsmodels() -> None:
    from statsmodels.stats.inter_rater import cohens_kappa

    counts = [[20, 5, 0, 0], [10, 15, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    row = between_managers(pairs(counts)).iloc[0]
    # Cohen's example: 35 of 50 the same; by chance 25/50 x 30/50 + 25/50 x 20/50 = 0.5; (0.7 - 0.5) / (1 - 0.5) = 0.4
    assert row[["n", "n_same"]].tolist() == [50, 35]
    assert row["by_chance"] == pytest.approx(0.5)
    assert row["kappa"] == pytest.approx(0.4)
    assert (row["low"], row["high"]) == pytest.approx(tuple(wilson(35, 50)))
    rng = np.random.default_rng(3)
    for _ in range(10):
        table = rng.integers(0, 6, (4, 4))
        expected = cohens_kappa(table).kappa
        assert between_managers(pairs(table.tolist())).iloc[0]["kappa"] == pytest.approx(expected)


def test_several_pairs_have_a_row_each_and_one_for_all() -> None:
    one = pairs([[3, 1, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    other = pairs([[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], "ben", "cid")
    both = pd.concat([one, other.assign(review_id="S" + other["review_id"])])
    table = between_managers(both).set_index("pair")
    assert list(table.index) == ["ana and ben", "ben and cid", "all"]
    assert table["n"].tolist() == [6, 3, 9]
    assert table["n_same"].tolist() == [5, 2, 7]
    pd.testing.assert_frame_equal(table, between_managers(both.sample(frac=1, random_state=1)).set_index("pair"))


def test_few_answers_get_no_rate_and_nobody_twice_is_said() -> None:
    few = answers([("r1", "ana", "agree"), ("r2", "ana", "too low")])
    said = say_agreement(model_agreement(few), between_managers(few))
    assert (
        said[0]
        == "In the last 26 weeks managers agreed with the tier in 1 of 2 answers on 2 accounts: too few for a rate."
    )
    assert said[-1].startswith("No account was judged by two managers")
    assert "%" not in " ".join(said)
    some = pairs([[9, 0, 0, 0], *[[0] * 4] * 3])
    assert "not yet enough" in say_agreement(model_agreement(some), between_managers(some))[-1]
    nobody = answers([])
    assert say_agreement(model_agreement(nobody), between_managers(nobody)) == ()
    assert found_wrong(nobody).empty


def test_with_enough_the_sentences_carry_n_and_interval() -> None:
    rows = pairs([[20, 5, 0, 0], [10, 14, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]])
    said = say_agreement(model_agreement(rows), between_managers(rows))
    # 20 x 2 + 5 + 10 of 100 answers agree; 70 % the same; by chance (25 x 30 + 24 x 19 + 1) / 2500 = 48 %
    assert said[0].startswith(
        "In the last 26 weeks managers agreed with the tier in 55 of 100 answers on 50 accounts, 55 % ("
    )
    assert said[2] == "43 called the tier too high, 0 called it too low, 2 named wrong data."
    assert "said the same of 35, 70 % (56 % to 81 %); chance alone would give 48 %." in said[3]
    assert said[4].startswith("On those accounts 55 of their 100 answers agree with the tier, 55 % (")


def test_what_was_found_wrong_is_listed_newest_first() -> None:
    rows = answers(
        [("r1", "ana", "agree"), ("r2", "ben", "too low"), ("r2", "ana", "wrong data"), ("r3", "ana", "too low")]
    )
    rows["week"] = ["2026-W45", "2026-W45", "2026-W45", "2026-W46"]
    assert found_wrong(rows)[["review_id", "reviewer"]].to_numpy().tolist() == [
        ["r3", "ana"],
        ["r2", "ana"],
        ["r2", "ben"],
    ]
