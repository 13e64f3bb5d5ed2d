import pandas as pd

from tierkit.inputs.columns import map_columns
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.files.reading import Raw
from tierkit.inputs.settings import TableSource

DEALS = CONTRACTS["deals"]


def raw(file="deals.csv", **columns):
    frame = pd.DataFrame({name: pd.Series(cells, dtype="str") for name, cells in columns.items()})
    frame.index = frame.index + 2
    return Raw(frame, file, "")


def source(**keys):
    return TableSource.model_validate(keys)


def test_map_columns_knows_canonical_names_in_any_spelling():
    mapped = map_columns(
        raw(**{"Deal ID": ["1"], "OUTCOME": ["won"], "Opened_At": [""], "Mood": ["good"]}), DEALS, source()
    )
    assert list(mapped.frame.columns) == ["deal_id", "outcome", "opened_at", "Mood"]
    assert mapped.frame.index.tolist() == [2]
    assert mapped.problems == ()


def test_map_columns_follows_the_sheet():
    given = raw(Id=["7", "8"], Stage=["Closed Won ", "Open"], Amount=["1", "2"], acv=["9", "9"])
    mapped = map_columns(
        given,
        DEALS,
        source(
            columns={"deal_id": "Id", "outcome": "stage", "acv": "Amount"},
            values={"outcome": {"Closed Won": "won"}},
            constants={"currency": "EUR", "term_months": 12},
        ),
    )
    assert mapped.frame["outcome"].tolist() == ["won", "Open"]
    assert mapped.frame["acv"].tolist() == ["1", "2"]
    assert mapped.frame["currency"].tolist() == ["EUR", "EUR"]
    assert mapped.frame["term_months"].tolist() == ["12", "12"]
    assert mapped.notes == ("column 'acv' of the file was left out, since 'acv' is set in tierkit.toml",)


def test_map_columns_offers_near_names_for_what_is_missing():
    mapped = map_columns(
        raw(deal=["1"], Stag=["won"]), DEALS, source(columns={"outcome": "Stage"}), required=["account_id"]
    )
    assert mapped.problems == (
        "column 'Stage', mapped to 'outcome', is missing, did you mean 'Stag'? (map it in tierkit.toml, [data.deals])",
        "column 'deal_id' is missing, did you mean 'deal'? (map it in tierkit.toml, [data.deals])",
        "column 'account_id' is missing (map it in tierkit.toml, [data.deals]; the header says 'deal', 'Stag')",
    )


def test_map_columns_counts_rows():
    mapped = map_columns(raw(outcome=["won", "lost"]), DEALS, source(columns={"deal_id": "row_number"}))
    assert mapped.frame["deal_id"].tolist() == ["1", "2"]


def test_map_columns_maps_empty_cells_and_all_others():
    given = raw(deal_id=["1", "2", "3"], won_date=["2026-01-31", "", "2026-02-01"])
    mapped = map_columns(
        given,
        DEALS,
        source(
            columns={"outcome": "won_date", "closed_at": "won_date"},
            values={"outcome": {"": "open", "2026-02-01": "lost", "*": "won"}},
        ),
    )
    assert mapped.frame["outcome"].tolist() == ["won", "open", "lost"]
    assert mapped.frame["closed_at"].tolist() == ["2026-01-31", "", "2026-02-01"]


def test_map_columns_maps_a_value_to_nothing():
    given = raw(deal_id=["1", "2"], outcome=["won", "won"], source=["unknown", "web"])
    mapped = map_columns(given, DEALS, source(values={"source": {"unknown": ""}}))
    assert mapped.frame["source"].tolist() == ["", "web"]


def test_map_columns_names_values_of_no_column():
    mapped = map_columns(raw(deal_id=["1"], outcome=["won"]), DEALS, source(values={"outcme": {"a": "b"}}))
    assert mapped.problems == (
        "values are mapped of column 'outcme', which is missing, did you mean 'outcome'? "
        "(tierkit.toml, [data.deals.values])",
    )


def test_map_columns_leaves_a_column_its_name_that_holds_something_else():
    given = raw(deal_id=["1"], outcome=["won"], Deal_type=["Project"], Seats=["many"], ACV=["12"])
    mapped = map_columns(given, DEALS, source())
    assert list(mapped.frame.columns) == ["deal_id", "outcome", "acv", "Deal_type as given", "Seats as given"]
    assert mapped.notes == (
        "column 'Deal_type' does not hold what 'deal_type' holds, and keeps its own name",
        "column 'Seats' does not hold what 'seats' holds, and keeps its own name",
    )


def test_map_columns_joins_one_row_a_key_and_says_what_is_known_at_close():
    deals = raw(deal_id=["1", "2", "3"], outcome=["won", "lost", "won"], origin=["web", "fair", ""])
    # key 1 is repeated (the first wins), key 9 belongs to nobody, the empty key to nobody
    closed = raw(
        "closed.csv",
        deal_id=["1", "1", "9", ""],
        segment=["pet", "car", "x", "y"],
        origin=["a", "b", "c", "d"],
        Product=["p", "q", "r", "s"],
    )
    mapped = map_columns(deals, DEALS, source(join=[{"file": "closed.csv", "on": "deal_id"}]), joined=[closed])
    assert mapped.frame["segment"].fillna("-").tolist() == ["pet", "-", "-"]
    assert mapped.frame["origin"].tolist() == ["web", "fair", ""]
    assert mapped.frame["closed_origin"].fillna("-").tolist() == ["a", "-", "-"]
    assert mapped.frame["product"].fillna("-").tolist() == ["p", "-", "-"]
    assert mapped.frame.index.tolist() == [2, 3, 4]
    assert mapped.notes == (
        "closed.csv has 1 rows whose 'deal_id' is repeated; the first was used",
        "1 of 3 rows found a row in closed.csv",
    )
    reason = "joined from closed.csv, known only once a deal closed"
    assert mapped.at_close == {"product": reason, "segment": reason, "closed_origin": reason}


def test_map_columns_trusts_a_join_known_at_opening():
    deals, leads = raw(deal_id=["1"], outcome=["won"]), raw("leads.csv", deal_id=["1"], page=["x"])
    join = [{"file": "leads.csv", "on": "deal_id", "known": "at_opening"}]
    mapped = map_columns(deals, DEALS, source(join=join), joined=[leads])
    assert mapped.frame["page"].tolist() == ["x"]
    assert mapped.at_close == {}


def test_map_columns_names_a_key_that_one_file_lacks():
    deals, other = raw(deal_id=["1"], outcome=["won"]), raw("closed.csv", dealid=["1"], x=["2"])
    mapped = map_columns(deals, DEALS, source(join=[{"file": "closed.csv", "on": "deal_id"}]), joined=[other])
    assert mapped.problems == (
        "cannot be joined with closed.csv: column 'deal_id' is missing in closed.csv, did you mean 'dealid'? "
        "(set on in tierkit.toml, [data.deals])",
    )
