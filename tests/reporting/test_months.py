"""The index across months: what it reads of each, and what it shows of one, two and twenty-four."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser

from tests.reporting import example
from tests.reporting.rendered import find_overflows, find_violations, needs_chromium, open_browser, open_page
from tierkit.reporting.month_figures import read_month_figures
from tierkit.reporting.months import write_index
from tierkit.reporting.sections.trends import show_trends
from tierkit.reporting.sparkline import draw_sparkline


def publish(reports: Path, month: str, *, failed: bool = False, reconciles: bool = True) -> Path:
    """A month as a run leaves it, as far as the index reads it."""
    folder = reports / (f"{month}.failed" if failed else month)
    folder.mkdir(parents=True)
    said = {"month": month, "as_of": f"{month}-28", "run_id": "3f9c21ab07de", "failed": failed, "headline": {"n": 1}}
    (folder / "manifest.json").write_text(json.dumps(said), encoding="utf-8")
    (folder / "index.html").write_text("<p>page</p>", encoding="utf-8")
    if failed:
        return folder
    pd.DataFrame({"account_id": list("abcdefgh"), "tier": [1, 1, 1, 2, 2, 3, 3, 3]}).to_csv(folder / "tiers.csv")
    moves = {"account_id": list("abc"), "from_tier": [2, 1, None], "to_tier": [1, 2, 1]}
    pd.DataFrame(moves).to_csv(folder / "changes.csv", index=False)
    pd.DataFrame({"gate": ["qualified"] * 8 + ["needs_info"] * 2}).to_csv(folder / "gates.csv", index=False)
    example.make_lift().to_csv(folder / "tier_lift.csv", index=False)
    money = {"expected": [1.9e6], "booked": [2.1e6], "currency": ["EUR"], "ok": [reconciles]}
    pd.DataFrame(money).to_csv(folder / "bookings.csv", index=False)
    return folder


def test_the_figures_of_a_month_are_those_of_its_files(tmp_path: Path) -> None:
    row = read_month_figures([publish(tmp_path, "2026-10")]).iloc[0]
    assert row["month"] == "2026-10"
    assert (row["tier1"], row["entered"], row["left"], row["needs_info"]) == (3, 2, 1, 2)
    assert row["moved_share"] == 2 / 8  # the third change is of an account that had no tier
    assert (row["lift"], row["lift_low"], row["lift_high"], row["lift_kind"]) == (3.3, 2.6, 4.2, "backtest")
    assert (row["expected"], row["booked"], row["currency"]) == (1.9e6, 2.1e6, "EUR")


def test_money_that_did_not_reconcile_and_files_that_are_not_there_leave_figures_empty(tmp_path: Path) -> None:
    folder = publish(tmp_path, "2026-10", reconciles=False)
    (folder / "tiers.csv").unlink()
    (folder / "gates.csv").write_text("", encoding="utf-8")
    (folder / "tier_lift.csv").write_bytes(b"\xff\xfe\x00")
    row = read_month_figures([folder]).iloc[0]
    assert row[["tier1", "moved_share", "needs_info", "lift", "expected", "booked"]].isna().all()
    assert row["entered"] == 2


def test_one_month_has_no_trend(tmp_path: Path) -> None:
    publish(tmp_path, "2026-10")
    html = write_index(tmp_path).read_text(encoding="utf-8")
    assert "How it went" not in html
    assert 'href="2026-10/index.html"' in html


def test_months_that_are_missing_or_were_stopped_leave_a_gap(tmp_path: Path) -> None:
    for month in ("2026-06", "2026-07", "2026-10"):
        publish(tmp_path, month)
    publish(tmp_path, "2026-09", failed=True)
    publish(tmp_path, "2026-07.x")  # not a month
    html = write_index(tmp_path).read_text(encoding="utf-8")
    assert "A cross marks a month that the audit stopped." in html
    line = re.search(r'<path class="line-of" d="([^"]*)"', html)
    assert line is not None
    assert line[1].count("M") == 2
    assert line[1].count("L") == 1
    assert html.count('class="stopped"') == 5
    assert "stopped by the audit; the month before stays valid" in html


def test_every_line_says_in_words_what_it_draws(tmp_path: Path) -> None:
    for month in ("2026-09", "2026-10"):
        publish(tmp_path, month)
    html = write_index(tmp_path).read_text(encoding="utf-8").replace("\u2011", "-")
    said = re.findall(r'role="img" aria-label="([^"]*)"', html)
    assert len(said) == 5
    assert "October 2026: 3 accounts, 2 in, 1 out. September 2026: 3 accounts, 2 in, 1 out." in said[0]
    assert "3.3 times (2.6-4.2)" in said[1]
    assert "€1.9M expected, €2.1M booked" in said[4]


def test_a_line_of_one_month_and_of_an_endless_interval_can_be_drawn() -> None:
    one = draw_sparkline([3.0], "one month")
    assert one.count("<circle") == 1
    endless = draw_sparkline([2.0, 3.0], "x", low=[1.0, 1.0], high=[float("inf"), 4.0], level=1.0)
    assert "inf" not in endless
    assert "nan" not in endless
    assert '&lt;b&gt;"' in draw_sparkline([1.0], "<b>")


def test_a_ratio_without_bound_is_said_in_words(tmp_path: Path) -> None:
    months = read_month_figures([publish(tmp_path, m) for m in ("2026-08", "2026-09", "2026-10")])
    months["lift"] = [3.3, float("inf"), 3.3]
    months["lift_high"] = [float("inf"), float("inf"), float("nan")]
    html = show_trends(months).html
    for said in ("3.3 times (2.6 or more)", "no win in the last tier to compare with", "<td data-label"):
        assert said in html
    assert "inf" not in re.sub("information", "", html)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.mark.page
@needs_chromium
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("months", [1, 2, 24])
def test_the_index_fits_and_can_be_heard(browser: Browser, tmp_path: Path, months: int, width: int) -> None:
    for month in pd.period_range(end="2026-10", periods=months, freq="M"):
        publish(tmp_path, str(month), failed=str(month) == "2026-03")
    page = open_page(browser, write_index(tmp_path), width, opened=True)
    assert find_overflows(page) == []
    assert find_violations(page) == []
    assert page.said == []  # type: ignore[attr-defined]
