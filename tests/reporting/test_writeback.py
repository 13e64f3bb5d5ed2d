"""What the CRM is told, in its own field names, and that it can be told back exactly."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.reporting import example as company
from tierkit.errors import SheetError
from tierkit.inputs.crm.writeback import FIELDS, LENGTHS, PRESETS, WritebackSettings
from tierkit.reporting.spreadsheet import guard
from tierkit.reporting.tierfiles import stamp_tiers
from tierkit.reporting.writeback import build_writeback, read_held, revert_writeback, write_writeback
from tierkit.runsheet import check_sheet

TIERS = stamp_tiers(company.make_tiers(), as_of=company.AS_OF, run_id="run1")
REASONS = company.make_reasons(TIERS)
LABELS = ("Best", "Good", "Rest")
Crm = dict[str, dict[str, str]]


def build(
    tiers: pd.DataFrame,
    gates: pd.DataFrame,
    *,
    written: list[Path] | None = None,
    previous: pd.DataFrame | None = None,
    run_id: str = "run1",
    reasons: pd.DataFrame = REASONS,
    labels: tuple[str, ...] = LABELS,
    crm: WritebackSettings | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    crm = crm or WritebackSettings()
    held = read_held(written or [], crm.names, previous)
    back = build_writeback(
        tiers, gates, reasons, held=held, as_of="2026-10-31", run_id=run_id, labels=labels, settings=crm
    )
    return back, revert_writeback(back, held, crm)


def load(crm: Crm, path: Path, clears: tuple[str, ...] = ("", "#N/A")) -> Crm:
    """The CRM after it took in a file: each cell sets its field; an empty one clears it."""
    rows = pd.read_csv(path, dtype="str", keep_default_na=False)
    out = {key: dict(fields) for key, fields in crm.items()}
    for key, *cells in rows.itertuples(index=False, name=None):
        record = out.setdefault(key, {})
        for name, cell in zip(rows.columns[1:], cells, strict=True):
            record.pop(name, None)
            if cell not in clears:
                record[name] = cell
    return {key: fields for key, fields in out.items() if fields}


def test_a_row_carries_key_tier_score_label_reasons_and_how_long_it_holds() -> None:
    back, _ = build(TIERS, company.make_gates())
    assert tuple(back) == FIELDS
    row = back.set_index("account_id").loc["A0012"]
    assert row.drop("score").to_dict() == {
        "tier": "1",
        "tier_label": "Best",
        "top_reasons": "; ".join(company.FOR[i] for i in (2, 3, 4)),
        "as_of": "2026-10-31",
        "run_id": "run1",
        "valid_until": "2026-11-20",  # its window ends before the month does
    }
    # the score is a rank from 0 to 100 by expected value: 230 accounts, the best holds rank 230 of 230
    best = TIERS.loc[TIERS["expected_value"].idxmax(), "account_id"]
    assert back.set_index("account_id").loc[best, "score"] == "100.0"


def test_a_first_write_back_clears_gated_accounts_that_had_a_tier_by_hand_and_gives_it_back() -> None:
    # A2950 (suppressed) was Tier 2 by hand and must be cleared; A2951 never had a tier; A0001 was Tier 2, is Tier 1
    previous = pd.DataFrame({"account_id": ["A2950", "A0001"], "tier": [2, 2]})
    back, revert = (x.set_index("account_id") for x in build(TIERS, company.make_gates(), previous=previous))
    assert len(back) == len(TIERS) + 1
    assert back.loc["A2950", ["tier", "tier_label", "score", "top_reasons", "valid_until"]].eq("").all()
    assert back.loc["A2950", ["as_of", "run_id"]].tolist() == ["2026-10-31", "run1"]
    assert back.loc["A0001", ["tier", "tier_label"]].tolist() == ["1", "Best"]
    assert revert.loc[["A2950", "A0001"], "tier"].tolist() == ["2", "2"]
    assert revert.drop(columns="tier").eq("").all(axis=None)
    assert revert.drop(["A2950", "A0001"])["tier"].eq("").all()


def test_presets_speak_the_field_names_of_the_crm_and_single_names_can_be_changed() -> None:
    gates = company.make_gates()
    sales, _ = build(TIERS, gates, crm=WritebackSettings(preset="salesforce"))
    assert list(sales) == [
        *("Id", "Tier__c", "Tier_Label__c", "Tier_Score__c", "Tier_Reasons__c"),
        *("Tier_As_Of__c", "Tier_Run_Id__c", "Tier_Valid_Until__c"),
    ]
    hub, _ = build(TIERS, gates, crm=WritebackSettings(preset="hubspot", fields={"score": "account_score"}))
    assert list(hub) == [
        *("Record ID", "tier", "tier_label", "account_score", "tier_reasons"),
        *("tier_as_of", "tier_run_id", "tier_valid_until"),
    ]
    assert all(set(names) == set(FIELDS) for names in PRESETS.values())
    # an internal name of HubSpot: lower case, digits and underscores
    assert all(
        n.replace("_", "a").isalnum() and n == n.lower() for k, n in PRESETS["hubspot"].items() if k != FIELDS[0]
    )


@pytest.mark.parametrize(
    ("writeback", "says"),
    [
        ({"fields": {"points": "x"}}, "fields has no 'points'; known: account_id"),
        ({"fields": {"score": "tier"}}, "fields gives 'tier' to two of our fields"),
        ({"fields": {"score": " "}}, "must name a field of the CRM"),
        ({"preset": "dynamics"}, "'report.writeback.preset'"),
    ],
)
def test_a_sheet_that_names_no_field_or_one_twice_is_refused(writeback: dict[str, object], says: str, tmp_path: Path):
    with pytest.raises(SheetError, match=says):
        check_sheet({"report": {"writeback": writeback}}, folder=tmp_path)


@pytest.mark.parametrize("text", ["word " * 20_000, "=" * 90_000, "x" * 40_000])
def test_no_text_is_longer_in_the_file_than_the_crm_takes(text: str, tmp_path: Path) -> None:
    reasons = REASONS.assign(words=text)
    back, revert = build(
        TIERS,
        company.make_gates(),
        reasons=reasons,
        labels=(text, "b", "c"),
        crm=WritebackSettings(preset="salesforce"),
    )
    write_writeback(tmp_path, back, revert)
    written = pd.read_csv(tmp_path / "crm_writeback.csv", dtype="str", keep_default_na=False)
    for name, most in LENGTHS["salesforce"].items():
        lengths = written[PRESETS["salesforce"][name]].str.len()
        assert most / 2 < lengths.max() <= most, name


def test_what_clears_a_field_is_what_the_crm_wants_and_is_known_again(tmp_path: Path) -> None:
    crm = WritebackSettings(preset="salesforce", empty="#N/A")
    few, gates = TIERS.head(4), company.make_gates()
    back, revert = build(few, gates, crm=crm)
    assert revert.drop(columns="Id").eq("#N/A").all(axis=None)
    write_writeback(tmp_path, back, revert)
    assert load({}, tmp_path / "crm_revert.csv") == {}
    gates.loc[0, "gate"] = "suppressed"
    again, _ = build(few.iloc[1:], gates, written=[tmp_path / "crm_writeback.csv"], crm=crm)
    assert again.set_index("Id").loc["A0000", "Tier__c"] == "#N/A"
    assert "A0000" in set(again["Id"])
    # cleared once, it is left alone
    write_writeback(tmp_path / "2", again, again)
    third, _ = build(
        few.iloc[1:], gates, written=[tmp_path / "crm_writeback.csv", tmp_path / "2" / "crm_writeback.csv"], crm=crm
    )
    assert "A0000" not in set(third["Id"])


IDS = ("a", "b", "=c()", "'=d", "-e", "007", 'ü,"', "g\nh")
texts = st.sampled_from(["", "=1+1", "fine", "'=x", "-2", "#N/A", "two\nlines", 'a "b", c', "🚀", "<b>"])
SALESFORCE = WritebackSettings(preset="salesforce", empty="#N/A")
months = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(IDS), st.tuples(st.integers(1, 3), st.floats(0, 1e6), texts)),
        st.sampled_from([WritebackSettings(), SALESFORCE]),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=40, deadline=None)
@given(months)
@example([({"=c()": (1, 5.0, "fine")}, WritebackSettings()), ({"=c()": (2, 5.0, "")}, WritebackSettings())])
@example(
    [({"a": (1, 5.0, "fine")}, WritebackSettings()), ({}, WritebackSettings()), ({"a": (1, 5.0, "x")}, SALESFORCE)]
)
def test_reverting_restores_the_crm_exactly(
    tmp_path_factory: pytest.TempPathFactory, months: list[tuple[dict[str, tuple[int, float, str]], WritebackSettings]]
) -> None:
    """apply(write-back), then apply(revert): the CRM is as it was, whatever write-backs it was made of."""
    folder = tmp_path_factory.mktemp("crm")
    state: Crm = {}
    written: list[Path] = []
    for k, (accounts, crm) in enumerate(months):
        tiers = pd.DataFrame(
            {
                "account_id": pd.Series(list(accounts), dtype="str"),
                "tier": pd.Series([t for t, *_ in accounts.values()], dtype="int64"),
                "expected_value": pd.Series([v for _, v, _ in accounts.values()], dtype="float64"),
                "valid_until": pd.Timestamp("2026-11-29"),
            }
        )
        reasons = pd.DataFrame(
            {"account_id": list(accounts), "words": [w for *_, w in accounts.values()], "rank": 1, "contribution": 1.0}
        )
        gates = pd.DataFrame({"account_id": IDS, "gate": ["qualified" if i in accounts else "suppressed" for i in IDS]})
        labels = ("=Best", "", "Rest")
        back, revert = build(tiers, gates, written=written, run_id=f"run{k}", reasons=reasons, labels=labels, crm=crm)
        write_writeback(folder / str(k), back, revert)
        after = load(state, folder / str(k) / "crm_writeback.csv")
        assert load(after, folder / str(k) / "crm_revert.csv") == state
        names = crm.names
        tiered = {
            key for key, fields in after.items() if names["tier"] in fields and fields.get(names["run_id"]) == f"run{k}"
        }
        assert tiered == {guard(i) for i in accounts}
        state, written = after, [*written, folder / str(k) / "crm_writeback.csv"]
