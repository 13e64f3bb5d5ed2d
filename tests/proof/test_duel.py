import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.duel import EXPECTED, export_of_deals
from tierkit.errors import SheetError, TableError
from tierkit.proof.duel import audit_tiers
from tierkit.proof.duel_words import COLUMNS, duel_table, say_duel


@pytest.fixture(scope="module")
def export():
    return export_of_deals(6000, seed=11)


@pytest.mark.parametrize(("score", "verdict"), list(EXPECTED.items()))
def test_good_random_and_leaking_scores_are_told_apart(export, score, verdict):
    judged = audit_tiers(export, score=score).judgements[0]
    assert judged.verdict == verdict
    assert not judged.dated
    said = say_duel(audit_tiers(export, score=score))
    words = {"real": "real, if it was set", "chance": "no better than chance", "too_good": "too good to be true"}
    assert said[0].startswith(f"{score}: {words[verdict]}")


def test_undated_tiers_that_look_real_are_not_cleared_of_hindsight(export):
    said = say_duel(audit_tiers(export, tier="Tier"))
    assert any(line.startswith("No date says when Tier was set") for line in said)
    assert not any("No date says" in line for line in say_duel(audit_tiers(export, score="random")))


def test_rows_in_another_order_change_nothing(export):
    shuffled = export.sample(frac=1, random_state=1)
    first, again = (audit_tiers(frame, tier="Tier", score="good") for frame in (export, shuffled))
    pd.testing.assert_frame_equal(duel_table(first), duel_table(again))
    assert say_duel(first) == say_duel(again)
    assert list(duel_table(first).columns) == COLUMNS


def test_the_callers_frame_is_left_alone(export):
    before = export.copy(deep=True)
    audit_tiers(export, tier="Tier")
    pd.testing.assert_frame_equal(export, before)


def test_a_score_gets_the_places_of_the_tiers(export):
    tier, score = audit_tiers(export, tier="Tier", score="good").judgements
    ours = [j.lift.query("method == 'tierkit' and measure == 'rate'").set_index("tier") for j in (tier, score)]
    placed = [(frame["n"] + frame["n_immature"]).tolist() for frame in ours]
    assert placed[0] == placed[1]


def test_tiers_turned_round_are_called_so(export):
    judged = audit_tiers(export.assign(Tier=export["Tier"].str[5].map({"1": "3", "2": "2", "3": "1"})), tier="Tier")
    assert judged.judgements[0].verdict == "wrong_way"
    assert '--order "3,2,1"' in say_duel(judged)[0]


def test_few_wins_are_too_early(export):
    few = export[export["Tier"].str.startswith("Tier 1")].head(14)
    rest = export[export["Tier"].str.startswith("Tier 3")].head(60)
    judged = audit_tiers(pd.concat([few, rest]), tier="Tier").judgements[0]
    assert judged.verdict == "too_early"
    assert judged.headline.n_won_top < 10


def test_size_in_other_words_is_no_more_than_size(export):
    # tiers by size, a little wrong: they win more, and size itself with as many places wins more still
    noisy = np.log(export["employees"]) + np.random.default_rng(2).normal(scale=1.0, size=len(export))
    sized = export.assign(Tier=np.where(noisy.rank(pct=True) > 0.7, 1, 2))
    won = np.random.default_rng(3).random(len(sized)) < 0.1 + 0.5 * (export["employees"].rank(pct=True) > 0.7)
    closed = sized["outcome"] != "open"
    sized = sized.assign(outcome=np.where(closed, np.where(won, "won", "lost"), "open"))
    judged = audit_tiers(sized, tier="Tier").judgements[0]
    assert judged.verdict == "no_more_than_size"
    assert judged.size_gain.high < 0


def test_immature_deals_enter_no_rate(export):
    duel = audit_tiers(export, tier="Tier", as_of="2026-03-31")
    assert duel.as_of == pd.Timestamp("2026-03-31")
    rates = duel.judgements[0].lift.query("measure == 'rate' and method == 'tierkit' and tier != '1+2'")
    due = export["opened_at"] + pd.Timedelta(days=duel.horizon_days)
    assert rates["n"].sum() == (due <= duel.as_of).sum()
    assert rates["n_immature"].sum() == ((export["opened_at"] <= duel.as_of) & (due > duel.as_of)).sum()


def test_a_tier_filled_for_wins_only_knows_the_outcome(export):
    filled = export.assign(Tier=export["Tier"].where(export["outcome"] == "won"))
    # one in ten losses has one too, so that there is something to compare
    spared = (export["outcome"] != "won") & (np.arange(len(export)) % 10 == 0)
    filled["Tier"] = filled["Tier"].where(~spared, export["Tier"])
    judged = audit_tiers(filled, tier="Tier").judgements[0]
    assert judged.verdict == "too_good"


def test_a_name_that_speaks_of_the_deals_course_is_not_cleared_until_it_is_dated(export):
    named = export.rename(columns={"good": "Win probability"})
    assert audit_tiers(named, score="Win probability").judgements[0].verdict == "not_cleared"
    dated = named.assign(set_on=named["opened_at"] - pd.Timedelta(days=3))
    assert audit_tiers(dated, score="Win probability", known_at="set_on").judgements[0].verdict == "real"


def test_tiers_set_after_the_opening_enter_no_rate(export):
    # honest tiers on two deals of three; on the third a tier that was written after the close, from the outcome
    late = np.arange(len(export)) % 3 == 0
    written = np.where(export["outcome"] == "won", "Tier 1", "Tier 3")
    mixed = export.assign(
        Tier=export["Tier"].where(~late, written),
        set_on=(export["opened_at"] - pd.Timedelta(days=5)).where(~late, export["closed_at"] + pd.Timedelta(days=1)),
    )
    duel = audit_tiers(mixed, tier="Tier", known_at="set_on")
    judged = duel.judgements[0]
    honest = audit_tiers(export.assign(Tier=export["Tier"].where(~late)), tier="Tier").judgements[0]
    assert judged.dated
    assert judged.n_late == judged.n_after_close > 0
    assert judged.headline.difference == pytest.approx(honest.headline.difference)
    assert audit_tiers(mixed, tier="Tier").judgements[0].headline.difference > honest.headline.difference + 0.1


def test_a_column_corrected_after_the_end_fades_among_newer_deals(export):
    old = export["opened_at"] < export["opened_at"].median()
    known = export["good"] + np.where(old, 1.0 * (export["outcome"] == "won"), -0.2)
    judged = audit_tiers(export.assign(mended=known), score="mended").judgements[0]
    assert judged.fade.low > 0
    assert any("older half" in line for line in say_duel(audit_tiers(export.assign(mended=known), score="mended")))
    assert not audit_tiers(export, score="good").judgements[0].fade.low > 0


def test_undated_deals_are_judged_among_closed_ones(export):
    bare = export.drop(columns=["opened_at", "closed_at"])
    duel = audit_tiers(bare, tier="Tier")
    closed = (export["outcome"] != "open").sum()
    rates = duel.judgements[0].lift.query("measure == 'rate' and method == 'tierkit' and tier != '1+2'")
    assert duel.horizon_days is None
    assert rates["n"].sum() == closed
    with pytest.raises(TableError, match="no dated rating can be judged"):
        audit_tiers(bare, tier="Tier", known_at="Tier")


def test_deals_of_customers_are_left_out_where_no_type_says_so(export):
    untyped = audit_tiers(export.drop(columns="deal_type"), tier="Tier")
    first_win = export["closed_at"].where(export["outcome"] == "won").groupby(export["account_id"]).transform("min")
    assert untyped.n_existing == (export["opened_at"] > first_win).sum() > 0


def dated_ratings(export):
    """Two ratings an account: an honest one before all deals, and a later one made of the outcomes."""
    by_account = export.groupby("account_id").agg(good=("good", "first"), Tier=("Tier", "first")).reset_index()
    won = export[export["outcome"] == "won"].groupby("account_id").size()
    first = by_account.assign(known_at=pd.Timestamp("2022-12-01"))
    last = by_account.assign(
        known_at=pd.Timestamp("2026-10-30"),
        Tier=np.where(by_account["account_id"].map(won).fillna(0) > 0, "Tier 1", "Tier 3"),
    )
    return pd.concat([first, last], ignore_index=True)


def test_dated_ratings_are_those_in_force_before_the_opening(export):
    duel = audit_tiers(export, tier="Tier", score="good", ratings=dated_ratings(export))
    tier, score = duel.judgements
    assert (tier.verdict, score.verdict) == ("real", "real")
    assert tier.dated
    assert tier.headline.unit == "account"
    deals = tier.lift.query("unit == 'deal' and measure == 'difference' and tier == '1 vs 3' and method == 'tierkit'")
    as_given = audit_tiers(export, tier="Tier").judgements[0].headline
    assert deals["rate"].iloc[0] == pytest.approx(as_given.difference)
    assert duel.against is not None
    assert say_duel(duel)[0].startswith("Tier: real. As it happened, Tier 1")


def test_a_rating_of_the_opening_day_itself_does_not_count(export):
    ratings = export.rename(columns={"opened_at": "known_at"})[["account_id", "known_at", "Tier"]]
    judged = audit_tiers(export.drop(columns="Tier"), tier="Tier", ratings=ratings).judgements[0]
    repeats = export.groupby("account_id")["opened_at"].transform("min") < export["opened_at"]
    assert judged.n_unrated == (~repeats).sum()


def test_a_rating_ends_with_its_last_day(export):
    ratings = dated_ratings(export).assign(valid_to=pd.Timestamp("2024-12-31"))
    judged = audit_tiers(export, tier="Tier", ratings=ratings).judgements[0]
    assert judged.n_unrated == (export["opened_at"] > "2025-01-01").sum()


def test_neither_column_is_an_error(export):
    with pytest.raises(SheetError, match="--tier"):
        audit_tiers(export)


def test_a_size_nobody_knows_is_an_error(export):
    with pytest.raises(SheetError, match="size column 'Tier' must be"):
        audit_tiers(export, score="good", size="Tier")


def test_that_a_tier_is_called_one_says_nothing_against_it(export):
    (real,) = [name for name, verdict in EXPECTED.items() if verdict == "real"]
    judged = audit_tiers(export.rename(columns={real: "account_tier"}), score="account_tier").judgements[0]
    assert (judged.screen["verdict"], judged.screen["rule"]) == ("ok", "none")
