import dataclasses

import numpy as np
import pandas as pd
import pytest

from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import simulate_company
from tierkit.proof.funnel import ALL, COLUMNS, funnel_change
from tierkit.proof.funnel_windows import Refusal, equal_windows
from tierkit.proof.funnel_words import NOT_AN_EFFECT, say_funnel
from tierkit.proof.intervals import newcombe_difference, wilson
from tierkit.proof.settings import ProofSettings
from tierkit.tiering.policy import Policy

SINCE = ProofSettings(tiers_acted_on_since="2025-05-01")
DAY = pd.Timedelta(days=1)


def day(text):
    return pd.Timestamp(text)


@pytest.mark.parametrize("follow_up", [0, 30, 128])
@pytest.mark.parametrize("first", ["2020-01-01", "2024-06-01"])
def test_windows_are_equal_mature_and_do_not_touch(first, follow_up):
    since, through = day("2025-05-01"), day("2026-10-31")
    w = equal_windows(day(first), since=since, through=through, follow_up_days=follow_up)
    assert w.before_to - w.before_from == w.after_to - w.after_from == (w.days - 1) * DAY
    assert w.days <= 365
    assert w.before_from >= day(first)
    # the course of a record before ends before the day, that of one after by the last day the data cover
    assert w.before_to + follow_up * DAY < since
    assert w.after_to + follow_up * DAY <= through


def test_windows_that_cannot_be_equal_are_refused():
    # since 1 Oct 30 days are covered, of which the first one alone had 30 days to mature
    young = equal_windows(day("2020-01-01"), since=day("2026-10-01"), through=day("2026-10-31"), follow_up_days=30)
    assert young == Refusal(
        "of the days since 2026-10-01 1 had 30 days to mature, and 28 are needed: it can be compared from 2026-11-27"
    )
    then = equal_windows(day("2020-01-01"), since=day("2026-10-01"), through=day("2026-11-27"), follow_up_days=30)
    assert then.days == 28
    late = equal_windows(day("2025-04-01"), since=day("2025-05-01"), through=day("2026-10-31"), follow_up_days=30)
    assert "the records begin on 2025-04-01" in late.because


def leads_of(*rows):
    """Rows of (account, created, accepted, meeting, source); dates as text, empty where missing."""
    frame = pd.DataFrame(rows, columns=["account_id", "created_at", "accepted_at", "meeting_at", "source"])
    return frame.assign(lead_id=[f"L{i}" for i in range(len(frame))], rejected_reason="")


def company(leads):
    accounts = pd.DataFrame({"account_id": sorted(leads["account_id"].unique())})
    deals = pd.DataFrame(
        [
            ("d0", "a0", "2024-01-01", "2024-02-01", "won", 100.0),
            ("d1", "a1", "2026-01-01", "2026-02-01", "lost", 100.0),
        ],
        columns=["deal_id", "account_id", "opened_at", "closed_at", "outcome", "acv"],
    )
    return open_tables({"accounts": accounts, "deals": deals, "funnel": leads})


def many(n, k, start, *, source="web", meets=0):
    """`n` leads from `start` on, two a day, `k` of them accepted two days later."""
    out = []
    for i in range(n):
        created = day(start) + (i // 2) * DAY
        accepted = f"{created + 2 * DAY:%Y-%m-%d}" if i < k else ""
        met = f"{created + 9 * DAY:%Y-%m-%d}" if i < meets else ""
        out.append((f"a{start[:4]}{i}" if i > 1 else f"a{i}", f"{created:%Y-%m-%d}", accepted, met, source))
    return out


def row_of(change, step, source=ALL):
    rows = change.table[(change.table["step"] == step) & (change.table["source"] == source)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_acceptance_is_counted_and_its_change_has_newcombes_interval():
    # before: 30 of 80, after: 50 of 80; one lead an account, so the design effect is G / (G - 1)
    leads = leads_of(*many(80, 30, "2025-02-01"), *many(80, 50, "2025-05-01"))
    change = funnel_change(company(leads), proof=SINCE, as_of="2026-10-31")
    row = row_of(change, "acceptance")
    assert (row["n_before"], row["k_before"], row["n_after"], row["k_after"]) == (80, 30, 80, 50)
    d = 80 / 79
    assert (row["before_low"], row["before_high"]) == pytest.approx(wilson(30 / d, 80 / d))
    assert (row["change_low"], row["change_high"]) == pytest.approx(newcombe_difference(50 / d, 80 / d, 30 / d, 80 / d))
    assert row_of(change, "days_to_acceptance")["after"] == 2.0
    assert list(change.table.columns) == COLUMNS
    said = say_funnel(change)
    assert said[0].startswith("Acceptance: 37.5 % before, 62.5 % after, a change of +25.0 points")
    assert NOT_AN_EFFECT in said
    assert any("told in days" in line for line in said)


def test_a_lead_accepted_later_than_its_follow_up_was_not_accepted():
    leads = leads_of(*many(80, 0, "2025-02-01"), *many(80, 0, "2025-05-01"))
    leads.loc[0, "accepted_at"] = "2025-04-20"
    change = funnel_change(company(leads), proof=SINCE, as_of="2026-10-31")
    assert row_of(change, "acceptance")["k_before"] == 0


def test_leads_too_near_to_the_day_are_in_neither_window():
    leads = leads_of(*many(80, 30, "2025-02-01"), *many(80, 50, "2025-05-01"), *many(20, 20, "2025-04-15"))
    row = row_of(funnel_change(company(leads), proof=SINCE, as_of="2026-10-31"), "acceptance")
    assert (row["n_before"], row["k_before"]) == (80, 30)


def test_sources_stand_apart_and_sum_to_the_whole():
    leads = leads_of(
        *many(80, 30, "2025-02-01"), *many(60, 10, "2025-02-01", source="event"), *many(80, 50, "2025-05-01")
    )
    change = funnel_change(company(leads), proof=SINCE, as_of="2026-10-31")
    parts = change.table[(change.table["step"] == "acceptance") & (change.table["source"] != ALL)]
    assert set(parts["source"]) == {"event", "web"}
    assert parts["k_before"].sum() == row_of(change, "acceptance")["k_before"] == 40
    assert np.isnan(row_of(change, "acceptance", "event")["change"])


def test_what_cannot_be_told_is_refused_in_a_sentence():
    leads = leads_of(*many(80, 30, "2025-02-01"), *many(80, 50, "2025-05-01")).drop(columns=["meeting_at"])
    change = funnel_change(company(leads), proof=SINCE, as_of="2026-10-31")
    assert "Lead to meeting before and after is not compared: leads carry no meeting_at." in change.refused
    assert any(
        line.startswith("Enrichment coverage") and "account_history is missing" in line for line in change.refused
    )
    assert any(line.startswith("Share suppressed") and "no policy" in line for line in change.refused)
    assert not (change.table["step"] == "lead_to_meeting").any()


def test_without_the_day_or_without_leads_nothing_is_compared():
    tables = company(leads_of(*many(80, 30, "2025-02-01")))
    assert "tiers_acted_on_since" in funnel_change(tables, proof=ProofSettings()).refused[0]
    frames = {k: v for k, v in tables.frames.items() if k != "funnel"}
    bare = funnel_change(dataclasses.replace(tables, frames=frames), proof=SINCE)
    assert bare.refused[0].startswith("Leads before and after is not compared: no table 'funnel'")


@pytest.fixture(scope="module")
def simulated():
    return open_tables(simulate_company(seed=5, n_accounts=1500).frames)


def test_every_step_of_the_simulated_company(simulated):
    change = funnel_change(simulated, proof=SINCE, policy=Policy(), as_of="2026-10-31")
    assert change.refused == ()
    overall = change.table[change.table["source"] == ALL].set_index("step")
    assert list(overall.index) == [
        "acceptance",
        "days_to_acceptance",
        "lead_to_meeting",
        "meeting_to_opportunity",
        "enrichment",
        "outside",
        "win",
        "won_acv",
    ]
    rates = overall[overall["unit"].isin(["rate", "share"])]
    for end in ("before", "after"):
        assert rates[end].between(0, 1).all()
        assert ((rates[f"{end}_low"] <= rates[end]) & (rates[end] <= rates[f"{end}_high"])).all()
    assert (overall["change_low"] <= overall["change"]).all()
    assert ((overall["after_to"] - overall["after_from"]) == (overall["before_to"] - overall["before_from"])).all()


def test_the_future_changes_nothing_of_the_window_before(simulated):
    whole = funnel_change(simulated, proof=SINCE, as_of="2026-10-31").table
    leads = simulated.frame("funnel")
    later = leads["accepted_at"] >= day("2025-05-01")
    changed = leads.assign(accepted_at=leads["accepted_at"].mask(later))
    tables = dataclasses.replace(simulated, frames={**simulated.frames, "funnel": changed})
    again = funnel_change(tables, proof=SINCE, as_of="2026-10-31").table
    at = (whole["step"] == "acceptance") & (whole["source"] == ALL)
    assert whole.loc[at, "before"].iloc[0] == again.loc[at, "before"].iloc[0]
    assert again.loc[at, "after"].iloc[0] == 0


def test_plot_draws_each_rate_before_and_after(simulated):
    from tierkit.reporting.plots.funnel import plot_funnel

    change = funnel_change(simulated, proof=SINCE, as_of="2026-10-31")
    ax = plot_funnel(change.table)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["acceptance", "lead to meeting", "meeting to opportunity", "enrichment coverage", "win rate"]
