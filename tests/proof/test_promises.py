import numpy as np
import pandas as pd
import pytest

from tierkit.proof.intervals import koopman_ratio
from tierkit.proof.ledger import COLUMNS
from tierkit.proof.promises import promise_record, rewritten_outcomes, say_promises


def scored_of(*rows: tuple) -> pd.DataFrame:
    """Rows of (month, tier, n, won, promised wins, actual wins); missing where not known yet."""
    made = [
        {
            "as_of": pd.Timestamp(month) + pd.offsets.MonthEnd(0),
            "promise": f"p{month}",
            "horizon_days": 90,
            "intact": True,
            "status": "immature" if won is None else "mature",
            "tier": tier,
            "n": n,
            "n_won": won,
            "rate": np.nan if won is None else won / n,
            "promised_wins": promised,
            "actual_wins": actual,
            "promised_value": 10.0 * promised,
            "actual_value": np.nan if actual is None else 10.0 * actual,
        }
        for month, tier, n, won, promised, actual in rows
    ]
    return pd.DataFrame(made, columns=COLUMNS)


SCORED = scored_of(
    ("2026-01", 1, 40, 8, 10.0, 10),
    ("2026-01", 2, 160, 8, 10.0, 9),
    ("2026-02", 1, 40, 2, 10.0, 2),
    ("2026-02", 2, 160, 16, 10.0, 4),
    ("2026-03", 1, 40, 4, 10.0, None),
    ("2026-03", 2, 160, 4, 10.0, None),
)


def test_the_record_by_hand():
    record = promise_record(SCORED).set_index(["as_of", "tier"])
    january, february, march = sorted({day for day, _ in record.index})
    # Garwood for 10: chi2(.025, 20)/2 = 4.7954, chi2(.975, 22)/2 = 18.3904
    one = record.loc[(january, "1")]
    assert (one["low"], one["high"]) == pytest.approx((0.47954, 1.83904), abs=1e-5)
    assert (one["ratio"], one["verdict"], one["status"]) == (1.0, "kept", "due")
    # 31 January and 180 days
    assert one["due_on"] == pd.Timestamp("2026-07-30")
    # 2 + 4 of 20 promised: chi2(.975, 14)/2 = 13.06 < 20
    whole = record.loc[(february, "all")]
    assert (whole["promised_wins"], whole["actual_wins"], whole["ratio"], whole["verdict"]) == (20, 6, 0.3, "short")
    assert whole["high"] == pytest.approx(13.0595 / 20, abs=1e-5)
    assert record.loc[(march, "all"), "status"] == "open"
    assert np.isnan(record.loc[(march, "all"), "ratio"])
    # 8 of 40 against 8 of 160; the lift is known one horizon on, before wins can be counted
    assert record.loc[(january, "all"), "lift"] == pytest.approx(4)
    assert tuple(record.loc[(january, "all"), ["lift_low", "lift_high"]]) == koopman_ratio(8, 40, 8, 160)
    assert record.loc[(march, "all"), "lift"] == pytest.approx(4)


def test_no_win_at_all_is_short_of_many_promised():
    record = promise_record(scored_of(("2026-01", 1, 40, 0, 5.0, 0), ("2026-01", 2, 40, 0, 0.5, 0)))
    # -ln(.025) = 3.6889
    assert record["high"].tolist() == pytest.approx([3.6889 / 5, 3.6889 / 0.5, 3.6889 / 5.5], abs=1e-4)
    assert record["verdict"].tolist() == ["short", "kept", "short"]
    assert "(0.00 times" in say_promises(record)[0]


def test_the_worst_month_is_named_as_well_as_the_best():
    told = say_promises(promise_record(SCORED.sample(frac=1, random_state=3)))
    assert told[0].startswith("1 of 2 promises that are due came within chance")
    assert told[1] == (
        "The worst was that of 2026-02, 20.0 wins promised and 6 came (0.30 times, 0.11-0.65), fewer than chance "
        "explains; the best that of 2026-01, 20.0 wins promised and 19 came (0.95 times, 0.57-1.48)."
    )
    # February: 2 of 40 against 16 of 160 is the lowest lift
    assert told[2].endswith("the lowest of 3 months was 0.5 times (2026-02).")


def test_what_is_not_due_yet_is_said():
    waiting = promise_record(SCORED[4:].assign(n_won=np.nan, rate=np.nan, status="immature"))
    # 31 March and 180 days
    assert say_promises(waiting) == ("1 promise waits for outcomes; wins promised can be counted from 2026-09-27.",)
    assert "first stands in this month's ledger" in say_promises(promise_record(SCORED.iloc[:0]))[0]
    undated = promise_record(SCORED.assign(status="undated", horizon_days=np.nan, rate=np.nan, actual_wins=np.nan))
    assert say_promises(undated)[0] == "Promises carry no dates, so none can be scored."


def test_touched_promises_are_told():
    told = say_promises(promise_record(SCORED.assign(intact=SCORED["as_of"] != pd.Timestamp("2026-02-28"))))
    assert "The tiers that the ledger of 2026-02 froze are no longer those it froze" in told[-1]
    lost = promise_record(SCORED.assign(intact=False, status="lost", actual_wins=np.nan))
    assert "2026-01 froze are gone" in " ".join(say_promises(lost))


def test_outcomes_that_read_differently_now_are_found():
    then = {"as_of": "2026-01-31T00:00:00.000", "tier": 1, "n": 40, "promised_wins": 10.0, "n_won": 8, "actual_wins": 7}
    ledgers = {"2026-08": {"scored": [then]}, "2026-09": {"scored": [{**then, "actual_wins": 10}]}}
    found = rewritten_outcomes(SCORED, ledgers)
    assert found[["figure", "ledger", "was", "now"]].values.tolist() == [["actual_wins", "2026-08", 7.0, 10.0]]
    assert found.attrs["n_compared"] == 2
    assert "1 of 2 outcomes read differently" in say_promises(promise_record(SCORED), found)[-1]
    # What was not known then is no outcome, and what stands is silent.
    same = {"2026-08": {"scored": [{**then, "actual_wins": None}]}}
    assert rewritten_outcomes(SCORED, same).empty
