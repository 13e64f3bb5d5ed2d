"""Words of a CRM in ours: stages, types, terms, money, headers."""

import pandas as pd
import pytest

from tests.inputs.crm.exports import opened, salesforce, write
from tierkit.errors import TableError
from tierkit.inputs.crm.deal_fields import map_types, months_of
from tierkit.inputs.crm.history import closing_days
from tierkit.inputs.crm.links import first_of, one_row_each
from tierkit.inputs.crm.presets import read_preset
from tierkit.inputs.crm.proposal import propose_mapping
from tierkit.inputs.crm.recognition import recognise
from tierkit.inputs.crm.stages import end_of_stage


@pytest.mark.parametrize(
    ("stage", "end"),
    [
        ("Closed Won", "won"),
        ("closedwon", "won"),
        ("6 - Closed/Won", "won"),
        ("Closed Won (Renewal)", "won"),
        ("Stage 7: Lost to competitor", "lost"),
        ("Closed - No Decision", "lost"),
        ("Disqualified", "lost"),
        ("Negotiation/Review", "open"),
        ("3. Technical Evaluation", "open"),
        ("appointmentscheduled", "open"),
        ("Decision Maker Bought-In", "open"),
        ("Won't say, lost?", "lost"),
        ("Closed", None),
        ("Phase 3", None),
        ("41238712", None),
    ],
)
def test_stages(stage, end):
    crm = "hubspot" if stage in ("appointmentscheduled", "Decision Maker Bought-In") else "salesforce"
    assert end_of_stage(stage, read_preset(crm)) == end


def test_types():
    given = [
        "New Business",
        "New Customer",
        "Existing Customer - Replacement",
        "newbusiness",
        "Upsell",
        "Auto-renewal",
        "x",
    ]
    types, note = map_types(pd.Series(given), {"x": "new"})
    assert types.tolist() == ["new", "new", "expansion", "new", "expansion", "renewal", "new"]
    assert note == ""
    assert "'x' (1)" in map_types(pd.Series(given), {})[1]


def test_terms():
    # no unit and none above ten: years
    months, note = months_of(pd.Series(["1", "3", None]), "Term")
    assert months.tolist()[:2] == [12, 36]
    assert "read as years" in note
    months, note = months_of(pd.Series(["12", "36"]), "Contract Term")
    assert months.tolist() == [12, 36]
    assert "read as months" in note
    assert months_of(pd.Series(["1"]), "Contract Term (Months)")[0].tolist() == [1]


def test_associations():
    assert first_of(pd.Series(["1;2", "3", ";4;"]))[0].tolist() == ["1", "3", "4"]
    rows, n = one_row_each(pd.DataFrame({"account_id": ["1;2;1", "3"], "x": [7, 8]}), "account_id")
    assert rows.to_numpy().tolist() == [["1", 7], ["2", 7], ["3", 8]]
    assert n == 1


def test_a_deal_that_was_won_twice_closed_the_second_time():
    moments = pd.to_datetime(["2025-01-01", "2025-01-05", "2025-01-07", "2025-01-09", "2025-01-12"])
    changes = pd.DataFrame(
        {
            "record": ["a"] * 5,
            "moment": moments,
            "new": ["Open", "Closed Won", "Open", "Closed Won", "Closed Won Again"],
        }
    )
    ends = {"Open": "open", "Closed Won": "won", "Closed Won Again": "won"}.get
    days = closing_days(changes, pd.Series({"a": "won"}), ends)
    assert days.to_dict() == {"a": pd.Timestamp("2025-01-09")}
    # history that ends otherwise than the deal says nothing
    assert closing_days(changes, pd.Series({"a": "lost"}), ends).empty


RATES = "IsoCode,ConversionRate,StartDate\n"


def test_rates_are_what_one_unit_is_worth(tmp_path):
    salesforce(tmp_path)
    write(tmp_path, DatedConversionRate=RATES + "EUR,0.8,2024-01-01\nEUR,0.5,2025-01-01\nUSD,1,2024-01-01\n")
    rates = opened(tmp_path, "salesforce").frame("rates")
    assert rates["rate"].tolist() == [1.25, 2.0, 1.0]


def test_rates_of_another_corporate_currency_are_crossed_on_every_day_one_changes(tmp_path):
    salesforce(tmp_path)
    # one EUR is 0.9 GBP then 0.8; one EUR is 1.2 USD then 1.0 from March
    text = "EUR,1,2024-01-01\nGBP,0.9,2024-01-01\nGBP,0.8,2024-06-01\nUSD,1.2,2024-01-01\nUSD,1.0,2024-03-01\n"
    write(tmp_path, DatedConversionRate=RATES + text)
    rates = opened(tmp_path, "salesforce").frame("rates")
    gbp = rates[rates["currency"] == "GBP"]
    assert gbp["valid_from"].dt.strftime("%Y-%m-%d").tolist() == ["2024-01-01", "2024-03-01", "2024-06-01"]
    assert gbp["rate"].tolist() == pytest.approx([1.2 / 0.9, 1 / 0.9, 1 / 0.8])
    write(tmp_path, DatedConversionRate=RATES + "EUR,1,2024-01-01\nGBP,0.9,2024-01-01\n")
    with pytest.raises(TableError, match=r"no rate of USD.*corporate currency is EUR"):
        opened(tmp_path, "salesforce")


@pytest.mark.parametrize(
    ("name", "header", "held"),
    [
        ("a.csv", "Id,Name,Industry", "Account"),
        ("extract_Account_2025.csv", "ID,NAME", "Account"),
        ("b.csv", "Opportunity ID,Account Name,Stage,Close Date,Amount", "Opportunity"),
        ("c.csv", "Id,OpportunityId,StageName,CreatedDate,Amount,CloseDate,PrevAmount", "OpportunityHistory"),
        ("d.csv", "Opportunity ID,Field / Event,Old Value,New Value,Edit Date", "OpportunityFieldHistory"),
        ("e.csv", "Account ID,Field / Event,Old Value,New Value,Edit Date", "AccountHistory"),
        ("f.csv", "Id,WhatId,WhoId,Subject,Status,ActivityDate", "Task"),
        ("g.csv", "Id,WhatId,WhoId,Subject,StartDateTime,ActivityDate", "Event"),
        ("h.csv", "Id,FirstName,LastName,Email,AccountId,Title", "Contact"),
        ("i.csv", "Id,Username,FirstName,LastName,IsActive,Email", "User"),
        ("j.csv", "Id,FirstName,LastName,Company,Status,IsConverted", "Lead"),
        ("k.csv", "Id,IsoCode,ConversionRate,StartDate", "DatedConversionRate"),
        ("contacts.csv", "contact_id,account_id,role", "canonical"),
        ("l.csv", "month,budget", None),
    ],
)
def test_files_are_recognised_by_their_header(tmp_path, name, header, held):
    (tmp_path / name).write_text(f"{header}\n")
    found = recognise(tmp_path / name, "salesforce")
    assert (found.name if found else None) == held


def test_a_proposal_says_what_is_what(tmp_path):
    proposal = propose_mapping(salesforce(tmp_path), "salesforce")
    files = {file.file: file for file in proposal.files}
    account = files["Account.csv"]
    assert (account.object, account.table, account.n_rows) == ("Account", "accounts", 4)
    assert account.matched["employees"] == "NUMBEROFEMPLOYEES"
    assert account.matched["region"] == "REGION__C"
    assert set(account.leaky) == {"TYPE", "LASTACTIVITYDATE", "TIER__C"}
    assert account.unmatched == {"ICP_GRADE__C": None}
    assert files["AccountHistory.csv"].table is None
    assert "Status" in files["Task.csv"].used
    assert proposal.unrecognised == ("budget.csv",)
    assert {s.stage: s.outcome for s in proposal.stages}["Proposal/Price Quote"] == "open"
    assert proposal.currencies == {"EUR": 1, "USD": 2}
    # the last stage change; what people plan is no record of the past
    assert proposal.data_through == "2025-06-01"


def test_a_proposal_leaves_a_stage_nobody_can_place_open(tmp_path):
    write(tmp_path, opps="Opportunity ID,Stage,Close Date\n1,Phase 3,2025-01-01\n2,Closed Won,2025-01-01\n")
    stages = propose_mapping(tmp_path, "salesforce").stages
    assert [(s.stage, s.outcome) for s in stages] == [("Closed Won", "won"), ("Phase 3", None)]
