import numpy as np
import pandas as pd
import pytest

from tests.proof.test_judgement import AS_OF, RECORD, company, made
from tierkit.proof.declined import declined_rates, say_declined, score_declined

ROW = {"approved": "no", "reason": "too early", "approver": "Ana"}


def answers(*rows: tuple[str, str, float, int], **given: str) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["as_of", "account_id", "from_tier", "to_tier"])
    table = table.assign(name=table["account_id"].str.upper(), **(ROW | given))
    return table.astype({"as_of": "datetime64[us]", "from_tier": "Int64", "to_tier": "Int64"})


def score(said: pd.DataFrame, *, as_of: pd.Timestamp | str = AS_OF, horizon_days: int | None = 90) -> pd.DataFrame:
    return score_declined(company(made()), said, RECORD, as_of=as_of, horizon_days=horizon_days)


MARCH = "2026-03-01"
BOTH = pd.concat(
    [
        answers((MARCH, "a", 3, 1), (MARCH, "b", 3, 2), (MARCH, "e", 1, 3), (MARCH, "x", np.nan, 1)),
        answers((MARCH, "c", 3, 2), approved="yes"),
    ],
    ignore_index=True,
)


def test_each_declined_move_is_held_against_those_of_its_tier_that_stayed_unasked() -> None:
    scored = score(BOTH).set_index("account_id")
    # a won a deal that opened after the day; b's took longer than 90 days; e's was lost; c was approved
    assert scored["won"].to_dict() == {"a": 1.0, "b": 0.0, "e": 0.0, "x": 0.0}
    assert scored["direction"].to_dict() == {"a": "up", "b": "up", "e": "down", "x": "in"}
    assert set(scored["known_on"]) == {pd.Timestamp("2026-05-30")}
    # of Tier 3 (a, b, c, d, h) nobody was asked about d, which won, and h; of Tier 1 about f, which won
    assert scored.loc[["a", "b"], ["n_peers", "n_peers_won"]].to_numpy().tolist() == [[2, 1], [2, 1]]
    assert scored.loc["e", ["n_peers", "n_peers_won"]].tolist() == [1, 1]
    assert np.isnan(scored.loc["x", "n_peers"])
    pd.testing.assert_frame_equal(scored.reset_index(), score(BOTH.sample(frac=1, random_state=3)))


def test_a_move_declined_again_within_the_horizon_counts_once_and_the_later_answer_of_a_month_counts() -> None:
    again = [(day, "a", 3, 1) for day in ("2026-01-31", "2026-02-28", "2026-05-31", "2026-06-30")]
    # 31 January holds until 1 May; 31 May is a decision of its own, 30 June repeats it
    assert score(answers(*again))["made_on"].dt.strftime("%m-%d").tolist() == ["01-31", "05-31"]
    overruled = pd.concat([answers((MARCH, "a", 3, 1)), answers((MARCH, "a", 3, 1), approved="yes")])
    assert score(overruled).empty
    assert score(overruled[::-1])["account_id"].tolist() == ["a"]


@pytest.mark.parametrize(("as_of", "known"), [("2026-05-29", False), ("2026-05-30", True)])
def test_nobody_is_judged_before_the_horizon_is_over(as_of: str, known: bool) -> None:
    assert score(answers((MARCH, "a", 3, 1)), as_of=as_of)["won"].notna().tolist() == [known]


def test_without_dates_or_answers_nothing_is_judged() -> None:
    assert score(BOTH, horizon_days=None).empty
    assert score(answers()).empty
    assert say_declined(declined_rates(score(answers()))) == ()


def table(direction: str, n: int, n_won: int, peers: tuple[int, int], approver: str = "Ana") -> pd.DataFrame:
    base = score(answers(*[(MARCH, f"z{i}", 3.0, 1) for i in range(n)]))
    won = np.arange(n) < n_won
    return base.assign(
        direction=direction, won=won.astype(float), n_peers=peers[0], n_peers_won=peers[1], approver=approver
    )


def test_keeping_down_was_right_if_they_won_less_and_keeping_up_if_they_won_more() -> None:
    # 0 of 40: Wilson 0 to 8.8 %, below the 20 % of peers; 20 of 40: 35 to 65 %, above it
    for direction, n_won, verdict in (
        ("up", 0, "right"),
        ("up", 20, "wrong"),
        ("down", 0, "wrong"),
        ("down", 20, "right"),
    ):
        rates = declined_rates(table(direction, 40, n_won, (100, 20)))
        assert rates["verdict"].tolist() == [verdict, verdict]
        assert f"those of the same tiers that stayed unasked 20 %: people were {verdict}." in say_declined(rates)[0]
    few = declined_rates(table("up", 5, 0, (100, 20)))
    # 0 of 5: 0 to 43 %
    assert say_declined(few) == (
        "Moves up that people declined: 0 of 5 accounts won (0 % to 43 %), those of the same tiers that stayed unasked "
        "20 %: too few to say who was right.",
    )


def test_rates_stand_by_approver_with_n_and_interval_and_the_busiest_is_named() -> None:
    both = pd.concat([table("up", 8, 2, (10, 1)), table("up", 3, 0, (10, 1), "Bo").assign(won=np.nan)])
    rates = declined_rates(both).set_index(["direction", "approver"])
    assert rates.loc[("up", "Ana"), ["n", "n_known", "n_won", "rate"]].tolist() == [8, 8, 2, 0.25]
    assert 0 < rates.loc[("up", "Ana"), "low"] < 0.25 < rates.loc[("up", "Ana"), "high"]
    assert rates.loc[("up", "Bo"), ["n", "n_known", "verdict"]].tolist() == [3, 0, "open"]
    said = say_declined(declined_rates(both))
    assert said[1:] == (
        "3 declined moves are not old enough to judge.",
        "Ana declined 8 of 11 moves, the most of 2 people.",
    )
