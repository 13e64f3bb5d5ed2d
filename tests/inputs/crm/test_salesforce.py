"""Salesforce exports as tables; every expected value is read off the little export."""

import pandas as pd
import pytest

from tests.inputs.crm.exports import (
    ACME,
    ANA,
    BETA,
    LOST,
    MERGED,
    OPEN,
    OTHER,
    PERSON,
    WON,
    opened,
    salesforce,
    wide,
    write,
)
from tierkit.errors import TableError


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return opened(salesforce(tmp_path_factory.mktemp("salesforce")), "salesforce")


def test_accounts(tables):
    accounts = tables.frame("accounts").set_index("account_id")
    assert list(accounts.index) == [wide(ACME), wide(BETA)]
    assert accounts["employees"].tolist() == [120, 80]
    assert accounts["region"].tolist() == ["West", "East"]
    assert accounts["icp_grade"].tolist() == ["A", "B"]
    assert accounts["is_customer"].tolist() == [True, False]
    assert tables.notes.count("Account.csv: 1 deleted rows of Account were left out") == 1


def test_deals_have_the_day_their_stage_closed_and_the_converted_amount(tables):
    deals = tables.frame("deals").set_index("deal_id")
    assert deals["outcome"].to_dict() == {wide(WON): "won", wide(LOST): "lost", wide(OPEN): "open"}
    # 26,000 dollars for 24 months; 10,000 for 12
    assert deals["acv"].tolist() == [13_000, 10_000, 10_000]
    assert deals["currency"].unique().tolist() == ["USD"]
    assert deals["deal_type"].tolist() == ["new", "expansion", "new"]
    closed = deals["closed_at"].dt.strftime("%Y-%m-%d").tolist()
    assert closed[:2] == ["2025-03-20", "2025-06-01"]
    assert pd.isna(closed[2])
    # Referral when it opened, Web since February; the amount is not taken back
    assert deals["source"].tolist() == ["Referral", "Partner", "Partner"]
    note = next(n for n in tables.notes if "another day" in n)
    assert "2 of 2 closed deals" in note
    assert "2 of them is the end of a quarter" in note


def test_history_starts_with_the_first_old_value_and_keeps_the_last_of_a_day(tables):
    history = tables.frame("account_history")
    assert set(history["account_id"]) == {wide(ACME)}
    of = {
        name: list(zip(f["known_at"].dt.strftime("%Y-%m-%d"), f["value"], strict=True))
        for name, f in history.groupby("field")
    }
    assert of["employees"] == [("2024-01-10", "100"), ("2025-03-20", "110"), ("2025-05-20", "120")]
    assert of["is_customer"] == [("2024-01-10", "false"), ("2025-03-20", "true")]
    assert of["owner_id"] == [("2024-01-10", wide(OTHER)), ("2025-03-20", wide(ANA))]
    assert any("held today's value all along" in note for note in tables.notes)


def test_activities_are_what_was_done_and_find_their_account(tables):
    touches = tables.frame("activities")
    rows = [
        (r.account_id, f"{r.occurred_at:%Y-%m-%d}", r.kind, r.direction, r.minutes)
        for r in touches.fillna({"minutes": 0}).itertuples()
    ]
    assert sorted(rows) == sorted(
        [
            # logged two days later, for the second
            (wide(ACME), "2025-01-02", "call", "inbound", 10),
            # through its deal
            (wide(BETA), "2025-01-03", "email", "outbound", 0),
            # of an account merged into Beta; a to-do happens when it is done
            (wide(BETA), "2025-01-05", "task", "outbound", 0),
            # an hour, by its start and end
            (wide(BETA), "2025-02-02", "meeting", "outbound", 60),
        ]
    )
    assert set(touches["contact_id"].dropna()) == {wide(PERSON)}
    for said in (
        "1 rows of Task are planned or open",
        "1 rows of Task lead to no account",
        "1 rows of Task are of deleted accounts",
        "1 rows of Event lie ahead",
    ):
        assert any(said in note for note in tables.notes), said


def test_people_merges_and_tables_of_ours(tables):
    assert tables.frame("reps")["name"].tolist() == ["Ana Abara"]
    contact = tables.frame("contacts").iloc[0]
    assert (contact["account_id"], contact["role"], contact["seniority"]) == (wide(ACME), "finance", "executive")
    identity = tables.frame("identity").iloc[0]
    assert identity[["account_id", "same_as", "decision"]].tolist() == [wide(MERGED), wide(BETA), "same"]
    assert tables.frame("signals")["account_id"].tolist() == [wide(BETA)]


def test_leaky_fields_are_refused_with_their_reason_and_ours_are_no_reason(tables):
    refused = tables.known_at_close
    assert {"stage_name", "probability", "last_activity_date", "type", "tier"} <= set(refused)
    assert "wrote it back" in refused["tier"]
    assert {"icp_grade", "deal_grade", "source"}.isdisjoint(refused)


def test_footers_totals_and_strangers_are_counted(tables):
    assert any("1 lines of totals" in note for note in tables.notes)
    assert any("2 footer lines" in note for note in tables.notes)
    assert any(note.startswith("budget.csv was not read") for note in tables.notes)


def test_sources_name_every_file_once_a_table(tables):
    sources = tables.sources
    assert set(sources.loc[sources["table"] == "activities", "file"]) == {"Task.csv", "Event.csv"}
    assert set(sources.loc[sources["table"] == "deals", "file"]) == {"Opportunity.csv", "OpportunityFieldHistory.csv"}
    assert (sources["sha256"].str.len() == 64).all()


def test_order_of_rows_does_not_matter(tables, tmp_path):
    salesforce(tmp_path)
    for name in ("Account", "OpportunityFieldHistory", "AccountHistory", "Task", "Event"):
        head, *rows = (tmp_path / f"{name}.csv").read_text().splitlines()
        (tmp_path / f"{name}.csv").write_text("\n".join([head, *reversed(rows)]) + "\n")
    other = opened(tmp_path, "salesforce")
    for name, frame in tables.frames.items():
        pd.testing.assert_frame_equal(other.frames[name], frame)


REPORT = "Opportunity ID,Account Name,Stage,Amount,Close Date,Created Date,Type\n"


def test_a_report_of_deals_alone_opens(tmp_path):
    rows = "a1,Acme,Closed Won,10,2025-03-31,2025-01-01,New Business\na2,Acme,Discovery,10,2025-03-31,2025-01-01,Odd\n"
    tables = opened(write(tmp_path, report1234=REPORT + rows), "salesforce")
    deals = tables.frame("deals")
    assert deals["outcome"].tolist() == ["won", "open"]
    assert deals["group_key"].tolist() == ["Acme", "Acme"]
    assert deals["deal_type"].isna().tolist() == [False, True]
    assert any("'Odd' (1)" in note for note in tables.notes)


def test_a_stage_nobody_can_place_stops_and_the_sheet_places_it(tmp_path):
    rows = "a1,Acme,Closed Won,10,2025-03-31,2025-01-01,New\na2,Acme,Phase 3,10,2025-03-31,2025-01-01,New\n"
    write(tmp_path, opps=REPORT + rows)
    with pytest.raises(TableError, match=r"'Phase 3' \(1 deals\).*data.deals.values.outcome"):
        opened(tmp_path, "salesforce")
    # the sheet's word also wins over what a word says
    said = {"values": {"outcome": {"Phase 3": "lost", "Closed Won": "won"}}}
    assert opened(tmp_path, "salesforce", deals=said).frame("deals")["outcome"].tolist() == ["won", "lost"]


def test_the_sheets_columns_win_and_a_missing_one_is_named(tmp_path):
    rows = "a1,Acme,Closed Won,10,2025-03-31,2025-01-01,New\n"
    write(tmp_path, opps=REPORT.replace("Type", "ARR Booked,Type") + rows.replace(",New", ",7,New"))
    deals = opened(tmp_path, "salesforce", deals={"columns": {"acv": "ARR Booked"}}).frame("deals")
    assert deals["acv"].tolist() == [7]
    with pytest.raises(TableError, match=r"'ARR Bookd', mapped to 'acv', is missing, did you mean 'ARR Booked'"):
        opened(tmp_path, "salesforce", deals={"columns": {"acv": "ARR Bookd"}})


def test_chunks_are_stacked_and_the_newest_state_of_a_record_counts(tmp_path):
    head = "Id,StageName,Amount,CloseDate,CreatedDate,LastModifiedDate\n"
    same = f"{LOST},Closed Lost,10,2025-03-31,2025-01-01,2025-01-01\n"
    one = f"{WON},Prospecting,10,2025-03-31,2025-01-01,2025-01-01\n{same}"
    two = f"{WON},Closed Won,10,2025-03-31,2025-01-01,2025-03-31\n{same}"
    tables = opened(write(tmp_path, Opportunity_2024=head + one, Opportunity_2025=head + two), "salesforce")
    assert tables.frame("deals")["outcome"].tolist() == ["won", "lost"]
    assert any("1 rows of Opportunity are older states" in note for note in tables.notes)
    assert any("1 rows of Opportunity repeat another" in note for note in tables.notes)


def test_a_row_set_aside_names_its_own_file_and_line(tmp_path):
    head = "Id,StageName,Amount,CloseDate,CreatedDate\n"
    good = "".join(f"{WON[:-3]}{i:03d},Closed Won,10,2025-03-31,2025-01-01\n" for i in range(150))
    bad = f"{OPEN},Closed Won,10,2024-03-31,2025-01-01\n"
    write(tmp_path, Opportunity_2024=head + good, Opportunity_2025=head + good.replace("Ab1", "Ab2") + bad)
    rejected = opened(tmp_path, "salesforce").rejected
    assert rejected[["file", "line"]].to_numpy().tolist() == [["Opportunity_2025.csv", 152]]


def test_an_id_with_a_wrong_checksum_is_named_with_its_line(tmp_path):
    head = "Id,StageName,Amount,CloseDate,CreatedDate\n"
    write(tmp_path, Opportunity=f"{head}{wide(WON).lower()},Closed Won,10,2025-03-31,2025-01-01\n")
    with pytest.raises(TableError, match=r"'deal_id' must end in the checksum.* on line 2 .*changed its capitals"):
        opened(tmp_path, "salesforce")


def test_labels_next_month_open_as_api_names_did(tmp_path):
    (tmp_path / "api").mkdir()
    (tmp_path / "labels").mkdir()
    rows = f"{ACME},Acme,Software,120,2024-01-10,A\n"
    deal = f"{WON},{ACME},Closed Won,10,2025-03-31,2025-01-01\n"
    api = write(
        tmp_path / "api",
        Account="Id,Name,Industry,NumberOfEmployees,CreatedDate,ICP_Grade__c\n" + rows,
        Opportunity="Id,AccountId,StageName,Amount,CloseDate,CreatedDate\n" + deal,
    )
    labels = write(
        tmp_path / "labels",
        report1="Account ID,Account Name,Industry,Employees,Created Date,ICP Grade\n" + rows,
        report2="Opportunity ID,Account ID,Stage,Amount,Close Date,Created Date\n" + deal,
    )
    one, other = opened(api, "salesforce"), opened(labels, "salesforce")
    for name, frame in one.frames.items():
        pd.testing.assert_frame_equal(other.frames[name], frame)
