import duckdb
import pandas as pd
import pytest

from tierkit.errors import TableError
from tierkit.inputs.opening import open_tables
from tierkit.inputs.settings import DataSettings

N = 200
DAYS = pd.date_range("2025-01-01", periods=N).astype("str")


def company():
    """Four accounts, 200 deals, 100 touches: canonical, nothing wrong."""
    return {
        "accounts": pd.DataFrame(
            {"account_id": ["001", "002", "003", "004"], "name": list("ABCD"), "employees": ["10", "200", "", "4000"]}
        ),
        "deals": pd.DataFrame(
            {
                "deal_id": [f"{i:03d}" for i in range(N)],
                "account_id": ["001", "002", "003", "004"] * (N // 4),
                "outcome": ["won", "lost", "open", "lost", "won"] * (N // 5),
                "opened_at": DAYS,
                "closed_at": pd.date_range("2025-02-01", periods=N).astype("str"),
                "acv": [f"{i}.5" for i in range(N)],
                "Competitor": ["x", "y"] * (N // 2),
            }
        ),
        "activities": pd.DataFrame(
            {"account_id": ["001", "004"] * (N // 4), "occurred_at": DAYS[: N // 2], "kind": ["email"] * (N // 2)}
        ),
    }


def write(folder, frames):
    for table, frame in frames.items():
        frame.to_csv(folder / f"{table}.csv", index=False)
    return folder


def spoil(frames, table, row, **cells):
    frame = frames[table].copy()
    for column, value in cells.items():
        frame.loc[row, column] = value
    return {**frames, table: frame}


def test_open_tables_reads_a_folder(tmp_path):
    tables = open_tables(write(tmp_path, company()))
    assert tables.is_dated
    assert tables.has_accounts
    assert tables.frame("accounts")["account_id"].tolist() == ["001", "002", "003", "004"]
    assert tables.frame("accounts")["employees"].fillna(0).tolist() == [10, 200, 0, 4000]
    assert tables.frame("deals")["acv"].sum() == sum(range(N)) + N / 2
    assert tables.has("deals", "Competitor")
    assert not tables.has("signals")
    # the last of N deals is won: it closed N - 1 days after 1 February
    assert tables.data_through == pd.Timestamp("2025-02-01") + pd.Timedelta(days=N - 1)
    assert tables.rejected.empty
    assert tables.sources["table"].tolist() == ["accounts", "deals", "activities"]
    assert tables.sources["n_rows"].tolist() == [4, N, N // 2]
    assert tables.notes == ()


def test_open_tables_gives_the_same_from_any_kind_of_source(tmp_path):
    frames = company()
    plain = open_tables(write(tmp_path, frames))
    parquet, excel, engine = (tmp_path / name for name in ("parquet", "excel", "engine"))
    for folder in (parquet, excel, engine):
        folder.mkdir()
    for table, frame in frames.items():
        frame.to_parquet(parquet / f"{table}.parquet")
    with pd.ExcelWriter(excel / "crm.xlsx") as book:
        for table, frame in frames.items():
            frame.to_excel(book, sheet_name=table, index=False)
    with duckdb.connect(str(engine / "crm.duckdb")) as connection:
        for table, frame in frames.items():
            connection.register("given", frame)
            connection.execute(f"CREATE TABLE {table} AS SELECT * FROM given")
    named = {table: {"file": "crm.xlsx", "table": table} for table in frames}
    others = [
        open_tables(parquet),
        open_tables(frames),
        open_tables(DataSettings.model_validate({"folder": "excel", **named}), root=tmp_path),
        open_tables(
            DataSettings.model_validate({table: {"file": "engine/crm.duckdb"} for table in frames}), root=tmp_path
        ),
    ]
    for other in others:
        for table in frames:
            pd.testing.assert_frame_equal(other.frames[table], plain.frames[table])
        assert other.data_through == plain.data_through


def test_open_tables_does_not_mind_the_order_of_rows():
    frames = company()
    # repeats without a key are rows of their own
    frames["activities"] = pd.concat([frames["activities"], frames["activities"].head(3)], ignore_index=True)
    shuffled = {table: frame.sample(frac=1, random_state=3) for table, frame in frames.items()}
    before, after = open_tables(frames), open_tables(shuffled)
    for table in frames:
        pd.testing.assert_frame_equal(before.frames[table], after.frames[table])


def test_open_tables_does_not_change_the_frames_given():
    frames = company()
    copies = {table: frame.copy() for table, frame in frames.items()}
    open_tables(frames)
    for table, frame in frames.items():
        pd.testing.assert_frame_equal(frame, copies[table])


BROKEN = {
    "closed before opened": (
        "deals",
        {"closed_at": "2024-12-31"},
        "'closed_at' must not be before opened_at, got '2024-12-31'",
    ),
    "duplicate key": ("deals", {"deal_id": "007"}, "'deal_id' must be unique, got 007"),
    "negative amount": ("deals", {"acv": "-131769.0"}, "'acv' must be 0 or more, got -131769.0"),
    "text amount": ("deals", {"acv": "much"}, "'acv' must be a number, got 'much'"),
    "unknown account": ("deals", {"account_id": "9"}, "'account_id' must be an account of the accounts table, got 9"),
    "no account": ("deals", {"account_id": ""}, "'account_id' must not be empty, got nothing"),
    "after data_through": ("deals", {"opened_at": "2026-01-01"}, "must not be after data_through (2025-12-31)"),
    "closed without a day": ("deals", {"closed_at": ""}, "'closed_at' must be given for a closed deal, got nothing"),
    "not a date": ("deals", {"opened_at": "soon"}, "'opened_at' must be a date, got 'soon'"),
    "touch of nobody": ("activities", {"account_id": "9"}, "'account_id' must be an account of the accounts table"),
    "touch without a kind": ("activities", {"kind": ""}, "'kind' must not be empty"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_open_tables_sets_bad_rows_aside_up_to_a_share(tmp_path, name):
    table, cells, sentence = BROKEN[name]
    # row 10 of the table stands on line 12 of its file, after the header; it is a won deal
    folder = write(tmp_path, spoil(company(), table, 10, **cells))
    tables = open_tables(folder, settings=DataSettings(data_through="2025-12-31"))
    assert tables.rejected[["table", "file", "line"]].to_numpy().tolist() == [[table, f"{table}.csv", 12]]
    assert tables.rejected["value"].iloc[0] == next(iter(cells.values()))
    assert len(tables.frame(table)) == len(company()[table]) - 1
    assert tables.sources.set_index("table")["n_rejected"][table] == 1
    with pytest.raises(TableError, match=r"1 of .* rows would be set aside, more than max_rejected = 0\.001") as error:
        open_tables(folder, settings=DataSettings(data_through="2025-12-31", max_rejected=0.001))
    assert str(error.value).startswith(f"{table}.csv: ")
    assert sentence in str(error.value)
    assert "on line 12 (1 row)" in str(error.value)
    assert error.value.exit_code == 3


def test_open_tables_keeps_the_first_of_a_key():
    frames = spoil(company(), "deals", 10, deal_id="007")
    deals = open_tables(frames).frame("deals").set_index("deal_id")
    assert deals.loc["007", "acv"] == 7.5
    assert "010" not in deals.index


STOPS = {
    "missing column": (lambda f: {**f, "deals": f["deals"].drop(columns="outcome")}, "column 'outcome' is missing"),
    "no account_id": (
        lambda f: {**f, "deals": f["deals"].drop(columns="account_id")},
        "'account_id' is missing (map it",
    ),
    "unknown outcome": (
        lambda f: spoil(f, "deals", 10, outcome="Loss"),
        "deals.csv: 'outcome' must be one of won, lost, open, got 'Loss' on line 12 (1 row) (map it in tierkit.toml, "
        "[data.deals.values.outcome])",
    ),
    "two ways to read a date": (
        lambda f: {**f, "activities": f["activities"].assign(occurred_at="03/04/2025")},
        "activities.csv: 'occurred_at' may be read in two ways, got '03/04/2025'",
    ),
    "two ways to read a number": (
        lambda f: {**f, "deals": f["deals"].assign(acv="1,234")},
        "deals.csv: 'acv' may be read in two ways, got '1,234'",
    ),
    "no closed deal": (lambda f: {**f, "deals": f["deals"].assign(outcome="open")}, "no deal is won or lost"),
    "no won deal": (lambda f: {**f, "deals": f["deals"].replace({"outcome": {"won": "lost"}})}, "no deal is won, so"),
    "second currency": (
        lambda f: spoil({**f, "deals": f["deals"].assign(currency="USD")}, "deals", 10, currency="EUR"),
        "'currency' must be USD, got EUR (1 rows)",
    ),
    "parents in a circle": (
        lambda f: {**f, "accounts": f["accounts"].assign(parent_id=["002", "001", "", ""])},
        "accounts: 'parent_id' runs in a circle",
    ),
    "header alone": (
        lambda f: {**f, "activities": f["activities"].head(0)},
        "activities.csv: a header and no row below it",
    ),
}


@pytest.mark.parametrize("name", STOPS)
def test_open_tables_stops(tmp_path, name):
    breaks, sentence = STOPS[name]
    with pytest.raises(TableError) as error:
        open_tables(write(tmp_path, breaks(company())))
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("", "deals.csv: the file is empty"), ("deal_id,outcome\n1,won\n2,lost,x\n", "line 3 has 3 (1 row)")],
)
def test_open_tables_stops_at_a_broken_file(tmp_path, content, sentence):
    (tmp_path / "deals.csv").write_text(content)
    with pytest.raises(TableError) as error:
        open_tables(tmp_path)
    assert sentence in str(error.value)


def test_open_tables_says_everything_at_once(tmp_path):
    frames = company()
    frames["deals"] = frames["deals"].rename(columns={"outcome": "outcme"}).assign(acv="-131769.0")
    frames["activities"] = frames["activities"].drop(columns="kind")
    frames["accounts"] = frames["accounts"].assign(employees="many")
    with pytest.raises(TableError) as error:
        open_tables(write(tmp_path, frames))
    assert str(error.value).splitlines() == [
        "accounts.csv: 4 of 4 rows would be set aside, more than max_rejected = 0.01 allows: 'employees' must be a "
        "number, got 'many' on line 2 (4 rows) (mend the rows, or raise max_rejected in tierkit.toml, [data])",
        "deals.csv: column 'outcome' is missing, did you mean 'outcme'? (map it in tierkit.toml, [data.deals]); "
        "200 of 200 rows would be set aside, more than max_rejected = 0.01 allows: 'acv' must be 0 or more, got "
        "-131769.0 on line 2 (200 rows) (mend the rows, or raise max_rejected in tierkit.toml, [data])",
        "activities.csv: column 'kind' is missing (map it in tierkit.toml, [data.activities]; the header says "
        "'account_id', 'occurred_at')",
    ]


def test_open_tables_needs_deals(tmp_path):
    with pytest.raises(TableError, match="'deals' is missing, the one table a run cannot do without"):
        open_tables({"accounts": company()["accounts"]})
    with pytest.raises(TableError, match="no file there is named after a table"):
        open_tables(tmp_path)
    with pytest.raises(TableError, match="no such folder"):
        open_tables(tmp_path / "nowhere")
    with pytest.raises(TableError, match=r"dealz: no such table \(did you mean 'deals'\?\)"):
        open_tables({"dealz": company()["deals"]})
    with pytest.raises(TableError, match=r"deals\.csv: no such file in"):
        open_tables(DataSettings.model_validate({"deals": {}}), root=tmp_path)


def test_open_tables_names_files_that_nearly_bear_a_name(tmp_path):
    write(tmp_path, company())
    (tmp_path / "activities.csv").rename(tmp_path / "activites.csv")
    (tmp_path / "README.md").write_text("no table")
    assert open_tables(tmp_path).notes == ("activites.csv was not read: is it meant to be activities?",)
    company()["deals"].to_parquet(tmp_path / "deals.parquet")
    with pytest.raises(TableError, match=r"deals\.csv and deals\.parquet are both named after 'deals'"):
        open_tables(tmp_path)


def test_open_tables_reads_only_what_the_sheet_gives(tmp_path):
    write(tmp_path, company())
    sheet = DataSettings.model_validate({"deals": {}, "accounts": {}})
    assert list(open_tables(sheet, root=tmp_path).frames) == ["accounts", "deals"]


def test_without_accounts_each_deal_is_its_own():
    frames = company()
    tables = open_tables({"deals": frames["deals"], "activities": frames["activities"]})
    assert not tables.has_accounts
    deals = tables.frame("deals")
    assert (deals["account_id"] == deals["deal_id"]).all()
    assert set(deals["group_key"]) == {"001", "002", "003", "004"}
    assert not tables.has("activities")
    assert "activities was left out: without an accounts table" in tables.notes[0]


def test_without_accounts_a_table_of_deals_stays():
    frames = company()
    exclusions = pd.DataFrame({"account_id": ["007"], "reason": ["asked us to stop"]})
    assert open_tables({"deals": frames["deals"], "exclusions": exclusions}).has("exclusions")


def test_a_deal_and_its_outcome_are_enough():
    tables = open_tables({"deals": pd.DataFrame({"deal_id": [1, 2], "outcome": ["Won", "Lost"]})})
    assert not tables.is_dated
    assert tables.data_through is None
    assert tables.frame("deals").to_dict("list") == {
        "deal_id": ["1", "2"],
        "account_id": ["1", "2"],
        "outcome": ["won", "lost"],
    }


def test_open_tables_matches_domains_in_one_spelling():
    frames = company()
    frames["accounts"] = frames["accounts"].assign(domain=["WWW.a.com", "b.com", "a.com", ""])
    frames["exclusions"] = pd.DataFrame({"domain": ["https://B.com/"], "reason": ["competitor"]})
    tables = open_tables(frames)
    assert tables.frame("accounts")["domain"].tolist()[:3] == ["a.com", "b.com", "a.com"]
    assert tables.frame("exclusions")["domain"].tolist() == ["b.com"]
    assert "1 look like another account (same domain: 1); none was merged" in tables.notes[-1]


def test_sql_sees_days_cents_and_columns_not_given():
    tables = open_tables(company())
    found = tables.sql(
        "SELECT SUM(acv_cents) AS cents, MIN(opened_day) AS opened, COUNT(seats) AS seats, COUNT(t.tier) AS tiers "
        "FROM stage_deals d LEFT JOIN stage_tier_history t ON t.account_id = d.account_id"
    )
    # 2025-01-01 is day 20,089 since 1970
    assert found.iloc[0].tolist() == [(sum(range(N)) + N / 2) * 100, 20_089, 0, 0]
    extra = pd.DataFrame({"account_id": ["001"]})
    counted = tables.sql("SELECT COUNT(*) AS n FROM stage_deals JOIN extra USING (account_id)", extra=extra)
    assert counted["n"].tolist() == [N // 4]


def test_an_exclusion_of_nobody_stops_the_run():
    frames = company()
    frames["exclusions"] = pd.DataFrame({"domain": ["n/a"], "reason": ["legal"]})
    with pytest.raises(
        TableError, match="'domain' must be a web domain, or the row must name an account_id, got 'n/a'"
    ):
        open_tables(frames)


def test_open_tables_says_what_it_is_about_to_do(tmp_path):
    (tmp_path / "deals.csv").write_text("deal_id,outcome\n1,won\n2,lost\n", encoding="utf-8")
    said = []
    open_tables(tmp_path, say=said.append)
    assert said == ["reading deals", "putting the tables in order"]
