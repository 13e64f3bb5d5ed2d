import pandas as pd
import pytest

from tierkit.errors import SheetError
from tierkit.inputs.customary import NAMES, customary_deals
from tierkit.inputs.opening import open_tables
from tierkit.inputs.settings import DataSettings

SALESFORCE = {
    "Opportunity ID": ["O1", "O2", "O3"],
    "Account Name": ["Acme", "Acme", "Bell"],
    "Stage": ["Closed Won", "Negotiation", "Closed Lost"],
    "Created Date": ["2026-01-01", "2026-02-01", "2026-03-01"],
    "Close Date": ["2026-02-01", "2026-12-31", "2026-04-01"],
    "Amount": ["100", "200", "300"],
    "Type": ["New Business", "Renewal", "New Business"],
    "Tier": ["A", "B", "B"],
}
HUBSPOT = {
    "Record ID": ["1", "2"],
    "Deal Stage": ["won", "closedlost"],
    "Create Date": ["2026-01-01", "2026-02-01"],
    "Close Date": ["2026-01-09", "2026-02-08"],
}


def test_an_export_of_salesforce_opens_without_a_sheet():
    frame = pd.DataFrame(SALESFORCE)
    custom = customary_deals(frame)
    deals = open_tables({"deals": frame}, settings=DataSettings(deals=custom.source)).frame("deals")
    assert deals["outcome"].tolist() == ["won", "open", "lost"]
    assert deals["group_key"].tolist() == ["Acme", "Acme", "Bell"]
    assert deals["deal_type"].tolist() == ["new", "renewal", "new"]
    assert deals["acv"].tolist() == [100, 200, 300]
    assert deals["Tier"].tolist() == ["A", "B", "B"]
    assert "outcome from 'Stage'" in custom.said
    assert "'Closed Won' is won, 'Closed Lost' is lost, every other end is open" in custom.said


def test_an_export_of_hubspot_opens_without_a_sheet():
    columns = customary_deals(pd.DataFrame(HUBSPOT)).source.columns
    assert columns == {
        "deal_id": "Record ID",
        "outcome": "Deal Stage",
        "opened_at": "Create Date",
        "closed_at": "Close Date",
    }
    assert customary_deals(pd.DataFrame(HUBSPOT)).source.values["outcome"] == {"won": "won", "closedlost": "lost"}


def test_a_stated_column_goes_before_custom_and_names_of_the_contract_need_none():
    frame = pd.DataFrame(SALESFORCE | {"Result": ["won", "lost", "open"], "deal_id": ["a", "b", "c"]})
    source = customary_deals(frame, stated={"outcome": "result"}).source
    assert source.columns["outcome"] == "Result"
    assert "deal_id" not in source.columns
    assert "outcome" not in source.values


def test_a_column_set_apart_is_taken_for_nothing_else():
    source = customary_deals(pd.DataFrame(SALESFORCE), apart=["Amount", "Type"]).source
    assert not {"amount", "deal_type"} & set(source.columns)
    with pytest.raises(SheetError, match="'Stage' says how deals ended"):
        customary_deals(pd.DataFrame(SALESFORCE), apart=["Stage"])


def test_an_id_that_repeats_is_no_id_but_names_whose_rows_belong_together():
    frame = pd.DataFrame(SALESFORCE | {"Opportunity ID": ["O1", "O1", "O3"]}).drop(columns="Account Name")
    custom = customary_deals(frame)
    assert custom.source.columns["deal_id"] == "row_number"
    assert custom.source.columns["account_id"] == "Opportunity ID"
    assert "'Opportunity ID' repeats, so each row is a deal of its own" in custom.said


def test_deal_types_nobody_knows_are_left_out():
    frame = pd.DataFrame(SALESFORCE | {"Type": ["New Business", "Blue", "New Business"]})
    assert "deal_type" not in customary_deals(frame).source.columns


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"outcom": "Stage"}, "deals have no 'outcom', did you mean 'outcome'"),
        ({"outcome": "Stagee"}, "column 'Stagee' is missing, did you mean 'Stage'"),
    ],
)
def test_a_stated_column_that_is_not_there_names_the_near_one(stated, message):
    with pytest.raises(SheetError, match=message):
        customary_deals(pd.DataFrame(SALESFORCE), stated=stated)


def test_without_an_outcome_the_columns_there_are_named():
    with pytest.raises(SheetError, match=r"--column outcome=NAME \(there are Tier\)"):
        customary_deals(pd.DataFrame({"Tier": ["A"]}))


def test_no_name_is_customary_for_two_columns():
    every = [name for names in NAMES.values() for name in names.split(", ")]
    assert len(every) == len(set(every))
