"""Tier files, books, write-back and review sample: what people and the CRM take away."""

from pathlib import Path

import pandas as pd
import pytest

from tests.reporting import example
from tierkit.reporting.books import build_book, file_name, write_books
from tierkit.reporting.tierfiles import GATE_COLUMNS, TIER_COLUMNS, stamp_tiers, write_tier_files

TIERS = stamp_tiers(example.make_tiers(), as_of=example.AS_OF, run_id="run1")
REASONS = example.make_reasons(TIERS)


def test_a_tier_is_valid_until_the_day_before_the_next_month_or_the_end_of_its_window() -> None:
    until = TIERS.set_index("account_id")["valid_until"]
    assert until["A0000"] == pd.Timestamp("2026-11-29")  # next as_of is 30 November
    assert until["A0012"] == pd.Timestamp("2026-11-20")  # its window ends first
    january = stamp_tiers(example.make_tiers(), as_of="2027-01-31", run_id="r")
    assert january["valid_until"].iloc[0] == pd.Timestamp("2027-02-27")


def test_tier_files_have_their_columns_and_only_the_rows_they_should(tmp_path: Path) -> None:
    gates = example.make_gates()
    paths = write_tier_files(tmp_path, TIERS, gates, example.make_changes(TIERS))
    assert [p.name for p in paths] == ["tiers.csv", "gates.csv", "changes.csv"]
    tiers = pd.read_csv(tmp_path / "tiers.csv", dtype="str")
    assert list(tiers) == list(TIER_COLUMNS)
    assert tiers["tier"].is_monotonic_increasing
    read = pd.read_csv(tmp_path / "gates.csv", dtype="str")
    assert list(read) == list(GATE_COLUMNS)
    assert len(read) == len(gates)
    again = write_tier_files(tmp_path / "again", TIERS.sample(frac=1, random_state=1), gates)
    assert again[0].read_bytes() == paths[0].read_bytes()


def test_books_hold_those_a_rep_may_contact_by_priority(tmp_path: Path) -> None:
    book = build_book(TIERS, REASONS)
    assert "A0013" not in set(book["account_id"])  # not contactable: every 13th
    first = book[book["owner_id"] == "rep1"]
    assert first["priority_rank"].is_monotonic_increasing
    row = book[book["account_id"] == "A0001"].iloc[0]
    assert [row["reason_1"], row["reason_2"], row["reason_3"]] == [example.FOR[1], example.FOR[2], example.FOR[3]]
    assert row["reason_against"] == example.AGAINST[1]
    paths = write_books(tmp_path, TIERS, REASONS)
    assert [p.name for p in paths] == [f"rep{i}.csv" for i in range(1, 9)]


@pytest.mark.parametrize(
    "owner", ["../../etc/passwd", "a/b", "CON", "Ana Lopez", "ana lopez", "", None, "ü", "a" * 200]
)
def test_file_names_stay_in_their_folder_and_apart(owner: str | None) -> None:
    name = file_name(owner)
    assert name
    assert len(name) < 80
    assert all(c.isascii() and (c.isalnum() or c in "._-") for c in name)
    assert not name.startswith(".")


def test_file_names_of_different_owners_differ_even_where_case_does_not_count() -> None:
    owners = ["Ana", "ana", "a na", "a-na", "a_na", "no-owner", None]
    assert len({file_name(o).lower() for o in owners}) == len(owners)


def test_owners_whose_file_names_meet_keep_two_books(tmp_path: Path) -> None:
    owners = ["../etc", "etc-f7f9121f"]  # the second is called as the first one's file is
    assert len({file_name(owner) for owner in owners}) == 1
    rows = TIERS.iloc[[0, 0]].assign(account_id=["x1", "x2"], owner_id=owners, contactable=True)
    paths = write_books(tmp_path, rows, REASONS)
    assert len({path.name for path in paths}) == 2
    books = [pd.read_csv(path, dtype="str")["account_id"].tolist() for path in paths]
    assert sorted(books) == [["x1"], ["x2"]]
    assert {path.parent for path in tmp_path.rglob("*.csv")} == {tmp_path / "books"}
