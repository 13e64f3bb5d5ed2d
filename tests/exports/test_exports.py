"""From the exports of a CRM to a published page without editing, to the tiers of the canonical tables they tell of."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from tests.exports import hubspot, salesforce
from tests.exports.company import THROUGH, write_tables
from tests.exports.salesforce_deals import ENDS, STAGES
from tierkit.cli import app
from tierkit.features.asof import build_account_rows, build_deal_rows
from tierkit.inputs.files.reading import plain_name
from tierkit.inputs.opening import open_tables
from tierkit.inputs.tables import Tables
from tierkit.reporting.manifest import verify_month
from tierkit.reporting.runs import open_run
from tierkit.reporting.tierfiles import stamp_tiers, write_tier_files
from tierkit.runsheet import read_sheet

MONTH = "2026-10"
LEAKY = {
    "salesforce": """Probability, ExpectedRevenue, ForecastCategory, ForecastCategoryName, LastActivityDate, IsClosed,
        IsWon, StageName, FiscalYear, FiscalQuarter, Rating, Type, SystemModstamp, LastModifiedDate""",
    "hubspot": """dealstage, hs_deal_stage_probability, days_to_close, closed_lost_reason, closed_won_reason,
        hs_is_closed_won, hs_is_closed, lifecyclestage, num_associated_deals, num_associated_contacts,
        notes_last_updated, hs_lastmodifieddate, Deal Stage, Deal probability, Days to close, Lifecycle Stage,
        Last Activity Date""",
}
"""What the exports say of how deals ended, or of a day after: none of it may be a feature."""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """The page of a check is written where one stands."""
    monkeypatch.chdir(tmp_path)


def cli(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def init(project: Path, crm: str, exports: Path) -> Path:
    """`tierkit init`; the sheet it wrote, which asks nothing."""
    result = cli("init", project, "--from", crm, exports)
    assert result.exit_code == 0, result.output
    sheet = project / "tierkit.toml"
    text = sheet.read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if "=" in line.split("#")[0]]) <= 12
    assert '"?"' not in text
    return sheet


def canonical_sheet(frames: Mapping[str, pd.DataFrame], folder: Path) -> Path:
    """The canonical tables under the settings that `init` finds."""
    write_tables(frames, folder / "data")
    sheet = folder / "tierkit.toml"
    sheet.write_text(f'[data]\nfolder = "data"\ndata_through = "{THROUGH:%Y-%m-%d}"\n', encoding="utf-8")
    return sheet


def opened(sheet: Path) -> Tables:
    settings = read_sheet(sheet)
    return open_tables(settings.data, root=settings.folder)


def assert_same_rows(exported: Tables, canonical: Tables) -> None:
    """Accounts and deals with the same features; what the exports have beyond them leaks, and is marked so."""
    both = [
        (build_account_rows(tables, as_of=THROUGH), build_deal_rows(tables, before=THROUGH))
        for tables in (exported, canonical)
    ]
    for ours, theirs in zip(*both, strict=True):
        pd.testing.assert_frame_equal(ours[list(theirs.columns)], theirs)
        beyond = {name.removeprefix("deal_") for name in set(ours.columns) - set(theirs.columns)}
        assert sorted(beyond - set(exported.known_at_close)) == []


@pytest.fixture(scope="module")
def small_salesforce() -> dict[str, pd.DataFrame]:
    return salesforce.build_salesforce(seed=12, n_accounts=260)


@pytest.fixture(scope="module")
def small_hubspot() -> dict[str, pd.DataFrame]:
    return hubspot.build_hubspot(seed=13, n_accounts=260)


def test_keys_of_accounts_are_told_apart_by_their_capitals_alone(small_salesforce):
    short = small_salesforce["accounts"]["account_id"].str[:15]
    assert short.is_unique
    assert short.str.lower().duplicated().any()


@pytest.mark.parametrize(("words", "report"), [("default", True), ("default", False), ("german", False)])
def test_salesforce_exports_say_what_the_canonical_tables_say(tmp_path, small_salesforce, words, report):
    planted = salesforce.write_salesforce(small_salesforce, tmp_path / "exports", words=words, report=report)
    assert planted.n_merged > 0
    assert planted.n_moved_closings > 20
    tables = opened(init(tmp_path / "project", "salesforce", tmp_path / "exports"))
    canonical = opened(canonical_sheet(small_salesforce, tmp_path / "canonical"))
    assert_same_rows(tables, canonical)
    columns = ["account_id", "outcome", "opened_at", "closed_at", "acv", "deal_type", "owner_id"]
    pd.testing.assert_frame_equal(tables.frame("deals")[columns], canonical.frame("deals")[columns])


def test_hubspot_exports_say_what_the_canonical_tables_say(tmp_path, small_hubspot):
    hubspot.write_hubspot(small_hubspot, tmp_path / "exports")
    tables = opened(init(tmp_path / "project", "hubspot", tmp_path / "exports"))
    canonical = opened(canonical_sheet(small_hubspot, tmp_path / "canonical"))
    assert_same_rows(tables, canonical)
    columns = ["account_id", "outcome", "opened_at", "closed_at", "acv", "deal_type", "owner_id"]
    pd.testing.assert_frame_equal(tables.frame("deals")[columns], canonical.frame("deals")[columns])


def test_stages_of_own_words_alone_are_asked_for_and_then_read(tmp_path, small_salesforce):
    exports = tmp_path / "exports"
    salesforce.write_salesforce(small_salesforce, exports, words="german", report=False)
    given = pd.read_csv(exports / "Opportunity.csv", dtype="str", keep_default_na=False)
    given.drop(columns=["IsClosed", "IsWon", "Probability"]).to_csv(exports / "Opportunity.csv", index=False)
    asked = cli("init", tmp_path / "project", "--from", "salesforce", exports)
    assert asked.exit_code == 0, asked.output
    sheet = tmp_path / "project" / "tierkit.toml"
    stopped = cli("check", "--sheet", sheet)
    assert stopped.exit_code == 2
    won, lost = ENDS["german"]
    assert f"'data.deals.values.outcome.{lost}' is not settled, write won, lost or open" in stopped.stderr
    text = sheet.read_text(encoding="utf-8")
    for end, stages in (("lost", [lost]), ("won", [won]), ("open", STAGES["german"])):
        for stage in stages:
            key = stage if stage.isascii() and " " not in stage else f'"{stage}"'
            text = text.replace(f'{key} = "?"', f'{key} = "{end}"')
    sheet.write_text(text, encoding="utf-8")
    ends = opened(sheet).frame("deals")[["deal_id", "outcome", "closed_at"]]
    canonical = opened(canonical_sheet(small_salesforce, tmp_path / "canonical")).frame("deals")
    pd.testing.assert_frame_equal(ends, canonical[["deal_id", "outcome", "closed_at"]])


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_what_knows_the_end_can_be_no_feature(tmp_path, small_salesforce, small_hubspot, crm):
    if crm == "salesforce":
        salesforce.write_salesforce(small_salesforce, tmp_path / "exports", report=False)
    else:
        hubspot.write_hubspot(small_hubspot, tmp_path / "exports")
    sheet = init(tmp_path / "project", crm, tmp_path / "exports")
    run = open_run(MONTH, sheet=sheet, draft=tmp_path / "draft")
    for verdicts in (run.verdicts, run.opening_verdicts):
        found = verdicts.set_index("column")["verdict"]
        usable = {plain_name(name) for name in found.index[found.isin(["ok", "flagged"])]}
        assert usable
        assert sorted(usable & {plain_name(name) for name in LEAKY[crm].split(",")}) == []
    assert (run.verdicts["verdict"] == "refused").sum() >= 8


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_deals_alone_can_be_checked(tmp_path, small_salesforce, small_hubspot, crm):
    if crm == "salesforce":
        frames = small_salesforce
        salesforce.write_report_alone(frames, tmp_path / "exports" / "Opportunities.csv")
    else:
        frames = small_hubspot
        hubspot.write_deals_alone(frames, tmp_path / "exports" / "hubspot-crm-exports-all-deals-2026-10-31.csv")
    sheet = init(tmp_path / "project", crm, tmp_path / "exports")
    result = cli("check", "--sheet", sheet)
    assert result.exit_code == 0, result.output
    ends = frames["deals"]["outcome"].value_counts()
    said = f"{len(frames['deals']):,} deals: {ends['won']:,} won, {ends['lost']:,} lost, {ends['open']:,} open"
    assert said in result.output
    assert "No tiers of accounts" in result.output or "no tiers of accounts" in result.output


@pytest.mark.slow
@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_exports_come_to_the_tiers_of_the_canonical_tables_they_were_made_from(tmp_path, crm):
    if crm == "salesforce":
        frames = salesforce.build_salesforce(n_accounts=900)
        salesforce.write_salesforce(frames, tmp_path / "exports")
    else:
        frames = hubspot.build_hubspot(n_accounts=700)
        hubspot.write_hubspot(frames, tmp_path / "exports")
    sheet = init(tmp_path / "project", crm, tmp_path / "exports")
    ran = cli("run", "--sheet", sheet)
    assert ran.exit_code == 0, ran.output
    month = tmp_path / "project" / "reports" / MONTH
    assert verify_month(month) == []
    assert (month / "index.html").stat().st_size > 50_000

    run = open_run(MONTH, sheet=canonical_sheet(frames, tmp_path / "canonical"), draft=tmp_path / "draft")
    write_tier_files(tmp_path, stamp_tiers(run.tiers, as_of=run.as_of, run_id=""), run.gated, run.changes)
    for name in ("tiers.csv", "gates.csv"):
        assert (month / name).read_bytes() == (tmp_path / name).read_bytes(), name
    # Learned, not fallen back upon: otherwise equal tiers would prove little.
    assert run.win_in_use is not None
    assert set(json.loads((month / "manifest.json").read_text())["headline"]) >= {"Accounts", "Tiers"}
