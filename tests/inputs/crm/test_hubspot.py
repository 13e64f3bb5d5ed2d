"""HubSpot exports as tables; every expected value is read off the little export."""

import pytest

from tests.inputs.crm.exports import hubspot, opened, write


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return opened(hubspot(tmp_path_factory.mktemp("hubspot")), "hubspot")


def test_companies_and_their_history(tables):
    accounts = tables.frame("accounts")
    assert accounts["account_id"].tolist() == ["101", "102"]
    assert accounts["is_customer"].tolist() == [True, False]
    assert accounts["owner_id"].tolist() == ["Ana Abara"] * 2
    history = tables.frame("account_history")
    assert list(zip(history["field"], history["value"], strict=True)) == [
        ("employees", "100"),
        ("is_customer", "false"),
        ("employees", "120"),
        ("is_customer", "true"),
    ]


def test_deals_belong_to_their_first_company_and_close_when_they_entered_the_stage(tables):
    deals = tables.frame("deals")
    # 109 was merged into 101
    assert deals["account_id"].tolist() == ["101", "102", "101"]
    assert deals["outcome"].tolist() == ["won", "lost", "open"]
    # 26,000 dollars for two years
    assert deals["acv"].tolist() == [13_000, 100, 100]
    assert deals["deal_type"].tolist() == ["new", "expansion", "new"]
    assert deals["closed_at"].dt.strftime("%Y-%m-%d").tolist()[:2] == ["2025-03-20", "2025-06-30"]
    assert any("1 rows of deals are associated with several companies" in note for note in tables.notes)


def test_engagements_count_for_each_company(tables):
    touches = tables.frame("activities")
    rows = zip(touches["account_id"], touches["kind"], touches["direction"], touches["minutes"].fillna(0), strict=True)
    assert sorted(rows) == sorted(
        [
            ("101", "call", "inbound", 10),
            ("102", "call", "inbound", 10),
            ("101", "call", "outbound", 1),
            ("101", "meeting", "outbound", 45),
            ("101", "meeting", "outbound", 45),
            # 1735812000 s is 2 January 2025
            ("101", "email", "inbound", 0),
            ("101", "email", "outbound", 0),
            ("101", "task", "outbound", 0),
            ("102", "note", "outbound", 0),
        ]
    )
    emails = touches[touches["kind"] == "email"]
    assert emails["occurred_at"].dt.strftime("%Y-%m-%d").unique().tolist() == ["2025-01-02"]


def test_merges_people_and_leaky_fields(tables):
    identity = tables.frame("identity")
    assert identity[["account_id", "same_as"]].to_numpy().tolist() == [["109", "101"], ["110", "101"]]
    contact = tables.frame("contacts").iloc[0]
    assert (contact["account_id"], contact["role"], contact["seniority"]) == ("101", "user", "director")
    assert {"lifecyclestage", "num_associated_deals", "notes_last_updated", "closed_lost_reason"} <= set(
        tables.known_at_close
    )
    assert any(name.startswith("date_entered_closed_won") for name in tables.known_at_close)


def test_properties_of_deals_stand_as_at_opening(tmp_path):
    write(
        tmp_path,
        deals="""
hs_object_id,dealname,dealstage,amount,closedate,createdate,hs_analytics_source,team_size
1,a,closedwon,10,2025-03-31T10:00:00Z,2025-01-01T10:00:00Z,PAID,9
2,b,closedlost,10,2025-03-31T10:00:00Z,2025-01-01T10:00:00Z,PAID,9
""",
        history="""
dealId,property,value,timestamp
1,hs_analytics_source,ORGANIC,2025-01-01T10:00:00Z
1,hs_analytics_source,PAID,2025-02-01T10:00:00Z
1,team_size,9,2025-03-01T10:00:00Z
1,amount,1,2025-01-01T10:00:00Z
1,amount,10,2025-02-01T10:00:00Z
1,dealstage,appointmentscheduled,2025-01-01T10:00:00Z
1,dealstage,closedwon,2025-02-10T10:00:00Z
1,dealstage,contractsent,2025-02-11T10:00:00Z
1,dealstage,closedwon,2025-02-12T10:00:00Z
""",
    )
    deals = opened(tmp_path, "hubspot").frame("deals")
    assert deals["source"].tolist() == ["ORGANIC", "PAID"]
    # what a deal is worth is what it ended with
    assert deals["acv"].tolist() == [10, 10]
    # filled in March only: unknown when the deal opened
    assert deals["team_size"].isna().tolist() == [True, False]
    # won for good on the twelfth, after it was taken back once
    assert deals["closed_at"].dt.strftime("%Y-%m-%d").tolist() == ["2025-02-12", "2025-03-31"]
