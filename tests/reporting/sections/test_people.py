import re

import pandas as pd
import pytest

from tierkit.reporting import page
from tierkit.reporting.plots.features import plot_coverage_trend
from tierkit.tiering.target_list import OUTSIDE

HOSTILE = "<script>alert(1)</script>"


def text(fragment: page.Fragment) -> str:
    return re.sub(r"<[^>]+>", "|", fragment.html)


def committee() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account_id": ["a", "b", "c"],
            "name": ["Acme", HOSTILE, "Cobalt"],
            "owner_id": ["R1", "R1", "R2"],
            "tier": [1, 1, 2],
            "n_contacts": [4, 1, 1],
            "roles": ["champion;decision_maker", "it", ""],
            "n_roles": [2, 1, 0],
            "roles_missing": ["it", "champion;decision_maker", "it"],
            "executive_known": [True, False, False],
            "n_in_touch": [3, 0, 0],
            "executive_in_touch": pd.array([True, False, False], dtype="boolean"),
            "single_threaded": [False, True, False],
        }
    )


def test_tier_1_accounts_that_hang_on_one_person_come_first() -> None:
    shown = page.show_committee(committee(), owners=pd.Series({"R1": "Ana"}))
    said = text(shown)
    assert "1 of 2 Tier 1 accounts hang on fewer than two people; 1 have an executive in touch." in said
    assert said.index("alert(1)") < said.index("Acme")
    assert HOSTILE not in shown.html
    assert "champion, decision maker" in said
    assert "Ana" in said
    assert "Cobalt" not in said
    assert "no contacts were given" in text(page.show_committee(None))


@pytest.mark.parametrize("over", [True, False])
def test_templates_beyond_their_limit_are_named_by_rep(over: bool) -> None:
    use = pd.DataFrame(
        {
            "tier": [1, 3],
            "template_id": ["wide", "mass"],
            "n_accounts": [5 if over else 2, 900],
            "n_touches": [6, 1000],
            "limit": [3.0, float("nan")],
            "breach": [over, False],
        }
    )
    rows = [("R1", "Ana", 1, 5, 6, "wide")] if over else []
    breaches = pd.DataFrame(rows, columns=["owner_id", "name", "tier", "n_accounts", "n_touches", "templates"])
    said = text(page.show_templates(use, breaches))
    assert ("most of them from Ana (5)" in said) == over
    assert ("No template went to more accounts than its tier allows (3 in Tier 1 and 50 in Tier 2)" in said) != over
    assert "mass" not in said  # the last tier has no limit
    assert "no touch names the template" in text(page.show_templates(None, None))


def test_the_target_list_is_shown_with_what_came_from_outside_it() -> None:
    source = ["vendor_list", OUTSIDE]
    wins = pd.DataFrame(
        {"source": source, "n_deals": [9, 20], "n_won": [3, 6], "won_acv": [1e5, 2e5], "share_of_wins": [1 / 3, 2 / 3]}
    )
    changes = pd.DataFrame({"month": ["2026-09", "2026-10"], "n_added": [4, 1], "n_removed": [0, 2], "n_on_list": 9})
    places = pd.DataFrame({"source": source, "tier": 1, "n_accounts": [2, 5], "share": 1.0})
    said = text(page.show_target_list(wins, changes, places))
    assert "6 of 9 new-business wins of the last 12 months came from outside the target list." in said
    assert "Over 2 months 5 accounts came onto the list and 2 left it." in said
    assert "vendor list" in said
    assert "$100k" in said
    assert "$" not in text(page.show_target_list(wins, changes, places, with_money=False))
    assert "no target account list" in text(page.show_target_list(None, None, None))


def test_the_coverage_trend_has_a_strip_for_each_field() -> None:
    days = pd.to_datetime(["2025-10-31", "2026-10-31"])
    trend = pd.concat(
        [
            pd.DataFrame({"field": "employees", "as_of": days, "share": [0.5, 0.8]}),
            pd.DataFrame({"field": "annual_revenue", "as_of": days, "share": [0.4, 0.4]}),
        ]
    )
    ax = plot_coverage_trend(trend)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["headcount", "revenue"]  # known best first
    assert [t.get_text() for t in ax.texts] == ["50 %", "80 %", "40 %", "40 %"]
    # 0.75 of the strip's height is 100 %: the first strip ends at 0.6, the second at 0.3 - 1
    ends = [line.get_ydata()[-1] for line in ax.lines if len(line.get_xdata()) == 2 and line.get_linewidth() > 1]
    assert [round(float(y), 3) for y in ends] == [0.6, -0.7]
