"""The form read back as spreadsheets leave it, and refused with its lines."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierkit.errors import TableError
from tierkit.reporting.approval.form import read_answers
from tierkit.reporting.approval.proposals import write_form

RUN = "2026-10 run 0123456789ab"
odd = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
ids = odd.map(str.strip).filter(bool)


def asked(*accounts: str) -> pd.DataFrame:
    rows = pd.DataFrame({"account_id": accounts}, dtype="str").assign(name="n", owner="o", cause="value rank")
    rows = rows.assign(from_tier=2, to_tier=1, sentence="took a slot", value_at_stake=12.5)
    return rows.astype({"from_tier": "Int64", "to_tier": "Int64"})


def fill(path: Path, proposals: pd.DataFrame, **columns: object) -> pd.DataFrame:
    write_form(path, proposals, run=RUN)
    form = pd.read_csv(path, dtype="str", keep_default_na=False)
    form = form.assign(**{"approved": "yes", "approver": "Kim"} | columns)
    form.to_csv(path, index=False)
    return form


def refused(path: Path, proposals: pd.DataFrame) -> list[str]:
    with pytest.raises(TableError) as caught:
        read_answers(path, proposals, run=RUN)
    return str(caught.value).removeprefix(f"{path.name}: nothing was committed; ").split("; ")


@settings(max_examples=80, deadline=None)
@given(st.lists(ids, min_size=1, max_size=6, unique=True), odd, st.lists(st.booleans(), min_size=6, max_size=6))
def test_odd_and_hostile_cells_survive_the_round_trip(
    tmp_path_factory: pytest.TempPathFactory, accounts: list[str], name: str, yes: list[bool]
) -> None:
    path = tmp_path_factory.mktemp("form") / "proposals.csv"
    # an id that is another's with an apostrophe before it is the same cell in a file that is guarded
    accounts = [a for a in accounts if f"'{a}" not in accounts]
    proposals = asked(*accounts).assign(name=name, sentence=f"={name}")
    verdicts = ["yes" if y else "no" for y, _ in zip(yes, accounts, strict=False)]
    fill(path, proposals, approved=verdicts)
    read = read_answers(path, proposals, run=RUN)
    assert read["account_id"].tolist() == accounts
    assert read["approved"].tolist() == verdicts
    assert read["name"].eq(name).all()


@pytest.mark.parametrize("hostile", ["=cmd()", "+1-2", "@x", "-a", "'=q", "<script>", "שלום", "x" * 200, "🚀"])
def test_hostile_ids_are_guarded_in_the_file_and_known_again(hostile: str, tmp_path: Path) -> None:
    proposals = asked(hostile, "other")
    form = fill(tmp_path / "f.csv", proposals, approved=["no", "yes"])
    assert form["account_id"][0][:1] not in ("=", "+", "@", "-")
    read = read_answers(tmp_path / "f.csv", proposals, run=RUN).set_index("account_id")
    assert read["approved"].to_dict() == {hostile: "no", "other": "yes"}


def test_what_spreadsheets_do_to_a_file_is_read_right(tmp_path: Path) -> None:
    proposals = asked("000241", "0099", "A7").assign(from_tier=pd.array([2, None, 3], dtype="Int64"))
    form = fill(tmp_path / "f.csv", proposals, approved=["Yes", "NO ", "y"], approver=" Kim ")
    form["account_id"] = form["account_id"].str.lstrip("0")
    form.iloc[::-1].to_csv(tmp_path / "semi.csv", index=False, sep=";", encoding="utf-16")
    form.assign(from_tier=[2.0, None, 3.0], to_tier=1).to_excel(tmp_path / "book.xlsx", index=False)
    for name in ("semi.csv", "book.xlsx"):
        read = read_answers(tmp_path / name, proposals, run=RUN)
        assert read["approved"].tolist() == ["yes", "no", "yes"], name
        assert read["approver"].eq("Kim").all()
    # two accounts that differ by zeros alone cannot be told apart then
    assert refused_after_stripping(tmp_path / "zeros.csv") == [
        "line 3: account '241' is not among the moves proposed",
        "no line for account 000241, a proposed move",
    ]


def refused_after_stripping(path: Path) -> list[str]:
    proposals = asked("0241", "000241")
    form = fill(path, proposals)
    form.assign(account_id=["0241", "241"]).to_csv(path, index=False)
    return refused(path, proposals)


def test_every_line_that_is_wrong_is_named(tmp_path: Path) -> None:
    proposals = asked(*"abcdefg")
    form = fill(
        tmp_path / "f.csv",
        proposals,
        approved=["yes", "", "maybe", "no", "yes", "yes", "yes"],
        approver=["Kim", "Kim", "Kim", "", "Kim", "Kim", "Kim"],
        to_tier=["1", "1", "1", "1", "3", "1", "1"],
        from_tier=["2", "2", "2", "2", "2", "", "2"],
        run=[*[RUN] * 6, "2026-09 run ffffffffffff"],
    )
    extra = form.iloc[[0, 0]].assign(account_id=["zz", "a"])
    pd.concat([form, extra]).to_csv(tmp_path / "f.csv", index=False)
    assert refused(tmp_path / "f.csv", proposals) == [
        "line 3: approved of b must be yes or no, got nothing",
        "line 4: approved of c must be yes or no, got maybe",
        "line 5: approver of d is missing: who says no?",
        "line 6: to_tier of e must stay 1, got 3",
        "line 7: from_tier of f must stay 2, got empty",
        f"line 8: belongs to '2026-09 run ffffffffffff', and only the newest, {RUN!r}, can be approved",
        "line 9: account 'zz' is not among the moves proposed",
        "lines 2, 10: account a stands more than once",
    ]
    form.drop(index=[1]).to_csv(tmp_path / "f.csv", index=False)
    assert "no line for account b, a proposed move" in refused(tmp_path / "f.csv", proposals)
    form.drop(columns="approver").to_csv(tmp_path / "f.csv", index=False)
    with pytest.raises(TableError, match="column 'approver' is missing"):
        read_answers(tmp_path / "f.csv", proposals, run=RUN)
