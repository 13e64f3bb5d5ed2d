import numpy as np
import pandas as pd
import pytest

from tierkit.errors import TableError
from tierkit.proof.intervals import wilson
from tierkit.proof.ledger import freeze_promises, promise_bytes, score_promises

MADE = pd.Timestamp("2026-01-31")
TIERS = pd.DataFrame(
    {
        "account_id": ["b", "a", "c"],
        "tier": [1, 1, 2],
        "open_prob": [0.5, 0.5, 0.1],
        "win_prob": [0.4, 0.2, 0.1],
        "expected_value": [20.0, 10.0, 1.0],
    }
)


def test_promises_are_canonical_bytes():
    # sorted by account, chances in millionths, value in cents
    assert promise_bytes(TIERS) == (
        b"account_id,tier,open_ppm,win_ppm,value_cents\n"
        b"a,1,500000,200000,1000\n"
        b"b,1,500000,400000,2000\n"
        b"c,2,100000,100000,100\n"
    )


def test_order_changes_no_hash_and_a_touched_figure_does():
    frozen, entry = freeze_promises(TIERS, as_of=MADE, horizon_days=90)
    assert (
        freeze_promises(TIERS.sample(frac=1, random_state=1)[TIERS.columns[::-1]], as_of=MADE, horizon_days=90)[0]
        == frozen
    )
    assert freeze_promises(TIERS.assign(win_prob=[0.4, 0.21, 0.1]), as_of=MADE, horizon_days=90)[0] != frozen
    assert freeze_promises(TIERS.assign(tier=[1, 2, 2]), as_of=MADE, horizon_days=90)[0] != frozen
    assert entry["sha256"] == frozen
    # .5 * .4 + .5 * .2 = .3 wins in tier 1
    assert entry["tiers"]["1"] == {"n": 2, "promised_wins": 0.3, "promised_value": 30.0}


def test_a_missing_column_is_named():
    with pytest.raises(TableError, match="column 'win_prob' is missing"):
        promise_bytes(TIERS.drop(columns="win_prob"))


def test_matured_promises_are_scored(deals_of, tables_of):
    deals = deals_of(
        ("d1", "a", "2026-02-10", "2026-04-01", "won", 10.0),
        ("d2", "b", "2026-04-20", "2026-06-10", "won", 90.0),  # opens in the horizon, won after it
        ("d3", "c", "2026-02-10", "2026-03-01", "lost", 5.0),
    )
    tables = tables_of(deals=deals, accounts=pd.DataFrame({"account_id": list("abc")}))
    _, entry = freeze_promises(TIERS, as_of=MADE, horizon_days=90)
    early = score_promises([(entry, TIERS)], tables, as_of="2026-04-30")
    assert early["status"].tolist() == ["immature", "immature"]
    assert early["n_won"].isna().all()
    one = score_promises([(entry, TIERS)], tables, as_of="2026-05-01").set_index("tier")
    assert one.loc[1, ["status", "n", "n_won", "rate"]].tolist() == ["mature", 2, 1, 0.5]
    assert (one.loc[1, "low"], one.loc[1, "high"]) == pytest.approx(wilson(1, 2))
    assert one["actual_value"].isna().all()
    # 31 January + 180 days is 30 July
    both = score_promises([(entry, TIERS)], tables, as_of="2026-07-30").set_index("tier")
    assert both.loc[1, ["promised_wins", "actual_wins", "promised_value", "actual_value"]].tolist() == [0.3, 2, 30, 100]
    assert both.loc[2, "actual_wins"] == 0
    assert both["intact"].all()


def test_a_touched_promise_is_told(deals_of, tables_of):
    tables = tables_of(deals=deals_of(("d1", "a", "2026-02-10", "2026-04-01", "won", 10.0)))
    _, entry = freeze_promises(TIERS, as_of=MADE, horizon_days=90)
    scored = score_promises([(entry, TIERS.assign(win_prob=0.9))], tables, as_of="2026-05-01")
    assert not scored["intact"].any()
    assert np.allclose(scored["promised_wins"], [0.3, 0.01])


def test_a_touched_entry_is_told(deals_of, tables_of):
    tables = tables_of(deals=deals_of(("d1", "a", "2026-02-10", "2026-04-01", "won", 10.0)))
    _, entry = freeze_promises(TIERS, as_of=MADE, horizon_days=90)
    better = {**entry["tiers"]["1"], "promised_wins": 0.6}
    for touched in (
        entry | {"tiers": entry["tiers"] | {"1": better}},
        entry | {"tiers": {"2": entry["tiers"]["2"]}},
        entry | {"n": 2},
    ):
        assert not score_promises([(touched, TIERS)], tables, as_of="2026-05-01")["intact"].any()
    # Rows come back from the file in another order: the sums differ in the last digit, and that is no touch.
    again = score_promises([(entry, TIERS.iloc[::-1])], tables, as_of="2026-05-01")
    assert again["intact"].all()
    assert again["promise"].unique().tolist() == [entry["sha256"][:12]]


def test_a_promise_whose_tiers_are_gone_stays_in_the_record(deals_of, tables_of):
    tables = tables_of(deals=deals_of(("d1", "a", "2026-02-10", "2026-04-01", "won", 10.0)))
    _, entry = freeze_promises(TIERS, as_of=MADE, horizon_days=90)
    scored = score_promises([(entry, None)], tables, as_of="2026-12-31")
    assert scored["status"].tolist() == ["lost", "lost"]
    assert not scored["intact"].any()
    assert scored["promised_wins"].tolist() == [0.3, 0.01]


def test_undated_promises_are_kept_and_not_scored(deals_of, tables_of):
    deals = deals_of(("d1", "a", "2026-02-10", "2026-04-01", "won", 10.0)).drop(columns=["opened_at", "closed_at"])
    _, entry = freeze_promises(TIERS, as_of=MADE, horizon_days=None)
    scored = score_promises([(entry, TIERS)], tables_of(deals=deals), as_of="2026-05-01")
    assert scored["status"].tolist() == ["undated", "undated"]
