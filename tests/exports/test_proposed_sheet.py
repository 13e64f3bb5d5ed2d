"""The sheet made of a proposal: short, valid, and open where only a person can say."""

import tomllib
from pathlib import Path

import pytest

from tierkit.errors import SheetError
from tierkit.inputs.crm.proposal import FileProposal, Proposal, StageProposal
from tierkit.reporting.proposed_sheet import draft_for_crm
from tierkit.runsheet import read_sheet

DEALS = FileProposal(
    "Opportunity.csv",
    "Opportunity",
    "deals",
    1200,
    {"deal_id": "ID", "acv": "AMOUNT"},
    {"PROBABILITY": "the probability follows the stage"},
    ("SYSTEMMODSTAMP",),
    {"Seats wanted": "seats", "Fleet]\n[tiers": None},
)


def proposal(**said: object) -> Proposal:
    given = {"crm": "salesforce", "folder": "exports", "files": (DEALS,), "data_through": "2026-10-31"}
    return Proposal(**(given | said))


def test_what_was_recognised_is_said_and_stands_as_comments():
    drafted = draft_for_crm(proposal(currencies={"EUR": 1200}), beside=Path("project"))
    read = tomllib.loads(drafted.text)
    assert read == {
        "data": {"folder": "../exports", "crm": "salesforce", "currency": "EUR", "data_through": "2026-10-31"}
    }
    assert drafted.questions == ()
    assert "#   deal_id = ID" in drafted.text
    assert drafted.said == (
        "Opportunity.csv: Opportunity, 1,200 rows -> deals",
        "  matched: deal_id = ID, acv = AMOUNT",
        "  never features, since they know how it ended: PROBABILITY",
        "  looks like: Seats wanted like seats",
        "  not matched: Fleet] [tiers",
    )


def test_money_of_several_currencies_and_no_home_is_asked_for():
    drafted = draft_for_crm(proposal(currencies={"EUR": 1000, "SEK": 1}), beside=Path())
    assert tomllib.loads(drafted.text)["data"]["currency"] == "?"
    assert drafted.questions == (
        "currency: write the one currency money is to be shown in: there are EUR in 1,000 deals, SEK in 1 deal",
    )
    settled = draft_for_crm(proposal(currencies={"EUR": 1000, "SEK": 1}, home_currency="SEK"), beside=Path())
    assert tomllib.loads(settled.text)["data"]["currency"] == "SEK"


@pytest.mark.parametrize(("n", "n_questions"), [(2, 2), (7, 7), (8, 1), (30, 1)])
def test_stages_nobody_can_place_are_asked_for_in_few_lines(tmp_path, n, n_questions):
    stages = [StageProposal(f"Phase {k}", 5, None, "no word and no flag says") for k in range(n)]
    stages.append(StageProposal("Closed Won", 9, "won", "its name"))
    drafted = draft_for_crm(proposal(stages=tuple(stages)), beside=Path())
    asked = tomllib.loads(drafted.text)["data"]["deals"]["values"]["outcome"]
    assert asked == {f"Phase {k}": "?" for k in range(n)}
    assert len(drafted.questions) == n_questions
    assert len([line for line in drafted.text.splitlines() if "=" in line.split("#")[0]]) <= 12
    assert "#   Closed Won = won (its name)" in drafted.text
    (tmp_path / "tierkit.toml").write_text(drafted.text, encoding="utf-8")
    with pytest.raises(SheetError, match=r"Phase 0.*not settled, write won, lost or open") as error:
        read_sheet(tmp_path / "tierkit.toml")
    assert str(error.value).count("not settled") == n_questions


def test_a_folder_without_deals_asks_for_them():
    drafted = draft_for_crm(proposal(files=(), unrecognised=("deals_v2.txt",)), beside=Path())
    assert tomllib.loads(drafted.text)["data"]["deals"]["file"] == "?"
    assert drafted.questions[-1].endswith("none was recognised; there are deals_v2.txt")
