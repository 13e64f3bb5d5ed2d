import numpy as np
import pandas as pd
import pytest

from tierkit.proof.news import entry_days, entry_news, say_news

DAY = pd.Timestamp("2026-01-01")


def touches(*rows):
    """Rows of (account, touches in the 90 days before, touches in the 275 before those)."""
    parts = []
    for account, recent, earlier in rows:
        days = [DAY - pd.Timedelta(days=1 + k % 80) for k in range(recent)]
        days += [DAY - pd.Timedelta(days=100 + k % 200) for k in range(earlier)]
        parts.append(pd.DataFrame({"account_id": account, "occurred_at": pd.to_datetime(days), "kind": "email"}))
    return pd.concat(parts, ignore_index=True)


def history(n_top=20, n_rest=20, **more):
    ids = [f"t{k:02d}" for k in range(n_top)] + [f"o{k:02d}" for k in range(n_rest)]
    tier = [1.0] * n_top + [2.0] * n_rest
    return pd.DataFrame({"account_id": ids, "tier": tier, "valid_from": DAY, **more})


def judged(tables_of, top, rest, **columns):
    rows = [(a, *top) for a in history()["account_id"][:20]] + [(a, *rest) for a in history()["account_id"][20:]]
    return entry_news(tables_of(activities=touches(*rows).assign(**columns)), history(), acted_on=DAY)


def test_a_rise_before_entering_by_hand(tables_of):
    # the others have 2 of 8 touches in the 90 days: a quarter; those who entered 8 of 16, where 4 were expected
    row = judged(tables_of, (8, 8), (2, 6)).iloc[0]
    assert row["measure"] == "inbound"
    assert (row["n_entered"], row["n_recent"], row["expected"], row["ratio"]) == (20, 160, 80.0, 2.0)
    # every excess is 4: 80 over the root of 20 x 16
    assert row["z"] == pytest.approx(80 / np.sqrt(320))
    assert row["is_news"]


def test_busy_accounts_and_a_busy_season_are_no_news(tables_of):
    # all doubled in the season, the entered ones ten times as busy all along
    row = judged(tables_of, (40, 60), (4, 6)).iloc[0]
    assert row["ratio"] == pytest.approx(1.0)
    assert not row["is_news"]


def test_what_we_did_is_no_news(tables_of):
    rows = [(a, 8, 8) for a in history()["account_id"][:20]] + [(a, 2, 6) for a in history()["account_id"][20:]]
    both = touches(*rows)
    ours = both["account_id"].str.startswith("t") & (both["occurred_at"] > DAY - pd.Timedelta(days=90))
    tables = tables_of(activities=both.assign(direction=np.where(ours, "outbound", "inbound")))
    assert not entry_news(tables, history(), acted_on=DAY)["is_news"].any()


def test_the_first_entry_counts_and_not_before_tiers_were_acted_on():
    rows = pd.DataFrame(
        [
            ("a", 1, "2025-06-01", None),
            ("b", 2, "2026-01-01", "2026-03-31"),
            ("b", 1, "2026-04-01", None),
            ("c", 1, "2025-01-01", "2025-12-31"),
        ],
        columns=["account_id", "tier", "valid_from", "valid_to"],
    ).assign(valid_from=lambda d: pd.to_datetime(d["valid_from"]), valid_to=lambda d: pd.to_datetime(d["valid_to"]))
    assert entry_days(rows, acted_on=DAY).to_dict() == {"a": DAY, "b": pd.Timestamp("2026-04-01")}


def test_it_is_said_in_words(tables_of):
    (words,) = say_news(judged(tables_of, (8, 8), (2, 6)))
    assert words.startswith("Accounts entered Tier 1 on news: 160 inbound touches in the 90 days before, 2.0 times")
    assert "regression to the mean" in words


def test_without_events_nothing_is_claimed(tables_of):
    assert entry_news(tables_of(), history(), acted_on=DAY).empty
