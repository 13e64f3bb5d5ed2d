import dataclasses

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tierkit.errors import SheetError, TableError, TierkitError
from tierkit.models import score_files
from tierkit.models.reason_parts import CAP
from tierkit.models.reasons import explain_scores
from tierkit.models.score_files import score_file
from tierkit.models.scoring import SCORES, score_accounts

TOP = 5
REASON = ("part", "feature", "contribution", "money", "words")


@pytest.fixture(scope="module")
def today(deals):
    rows = deals.drop_duplicates("account_id").head(230).reset_index(drop=True)
    rows = rows.drop(columns=["won_in_horizon", "won_acv"])
    rows["industry"] = rows["industry"].mask(rows.index % 7 == 0).mask(rows.index % 11 == 1, "astrology")
    rows["employees"] = rows["employees"].mask(rows.index % 13 == 2, np.inf)
    rows["tech_crm"] = rows["tech_crm"] == 1.0
    flags = pd.array([True, False, None, False, False] * 46, dtype="boolean")
    return rows.assign(is_customer=flags, segment=pd.Series(["SMB", "Mid", None] * 77, dtype="str").head(230))


@pytest.fixture(scope="module")
def acv_capped(acv, today):
    # A fifth of the values lies above it.
    return dataclasses.replace(acv, cap=float(np.quantile(acv.fit.mean(today), 0.8)))


@pytest.fixture
def models(request):
    return [name and request.getfixturevalue(name) for name in request.param]


ALL_KINDS = pytest.mark.parametrize(
    "models",
    [
        ("opening", "win", "acv"),
        ("opening_trees", "win_trees", "acv_trees"),
        (None, "win_trees", "acv_median"),
        ("opening", "win", None),
        (None, None, "acv"),
        ("opening_trees", "win", "acv_capped"),
    ],
    indirect=True,
    ids=lambda names: "-".join(map(str, names)),
)


def long_form(scores: pd.DataFrame) -> pd.DataFrame:
    """Reasons of a file as `explain_scores` lays them out, those that there are."""
    blocks = [
        scores[["account_id", *(f"reason_{i}_{name}" for name in REASON)]].set_axis(["account_id", *REASON], axis=1)
        for i in range(1, TOP + 1)
    ]
    rows = pd.concat(blocks, keys=range(1, TOP + 1), names=["rank", None]).reset_index("rank")
    rows = rows[rows["part"].notna()].sort_values(["account_id", "rank"], ignore_index=True)
    return rows.astype({"part": "str", "feature": "str", "words": "str"})


@ALL_KINDS
def test_a_file_has_the_scores_and_the_first_reasons_of_the_same_rows_in_memory(tmp_path, today, models):
    check_like_memory(tmp_path, today, models)


def test_rows_without_a_segment_are_taken_for_typical(tmp_path, today, acv_median):
    check_like_memory(tmp_path, today.drop(columns="segment"), (None, None, acv_median))


def check_like_memory(tmp_path, today, models):
    source, target = tmp_path / "rows.parquet", tmp_path / "scores.parquet"
    today.to_parquet(source, index=False)
    assert score_file(source, target, *models) == len(today)
    found = pd.read_parquet(target)
    said = score_accounts(today, *models)
    pd.testing.assert_frame_equal(found[[*SCORES]], said[[*SCORES]], check_exact=True)
    assert found["account_id"].tolist() == today["account_id"].tolist()
    why = explain_scores(today, *models)
    why = why[why["rank"] <= TOP].sort_values(["account_id", "rank"], ignore_index=True)
    why = why.astype({"part": "str", "feature": "str"})
    told = long_form(found)
    same = ["account_id", "rank", "part", "feature", "words"]
    pd.testing.assert_frame_equal(told[same], why[same], check_dtype=False)
    for name in ("contribution", "money"):
        np.testing.assert_allclose(told[name], why[name], rtol=1e-9, atol=1e-12)


def test_what_the_cap_takes_is_a_reason_with_its_words(tmp_path, today, win, acv_capped):
    today.to_parquet(tmp_path / "rows.parquet", index=False)
    score_file(tmp_path / "rows.parquet", tmp_path / "scores.parquet", None, win, acv_capped)
    told = long_form(pd.read_parquet(tmp_path / "scores.parquet"))
    capped = told[told["feature"] == CAP]
    assert 10 < len(capped) <= 46
    assert capped["words"].str.contains("are counted as").all()


@ALL_KINDS
def test_batches_and_row_groups_change_no_byte(tmp_path, today, models, monkeypatch):
    written, some = [], today.head(45)
    for rows_at_once, group in ((1000, 1000), (7, 3), (1, 1000), (20, 1)):
        source, target = tmp_path / f"rows-{group}.parquet", tmp_path / "scores.parquet"
        some.to_parquet(source, index=False, row_group_size=group)
        monkeypatch.setattr(score_files, "BATCH", rows_at_once)
        # By the loops that many rows are worth, as by LightGBM itself.
        monkeypatch.setattr(score_files, "MANY", 0)
        score_file(source, target, *models)
        written.append(target.read_bytes())
        target.unlink()
    assert written == written[:1] * 4


def test_loops_of_our_own_say_what_lightgbm_says(tmp_path, today, opening_trees, win_trees, acv_trees, monkeypatch):
    source = tmp_path / "rows.parquet"
    today.to_parquet(source, index=False)
    for name, many in (("few", 10**9), ("many", 0)):
        monkeypatch.setattr(score_files, "MANY", many)
        score_file(source, tmp_path / name, opening_trees, win_trees, acv_trees)
    few, many = pd.read_parquet(tmp_path / "few"), pd.read_parquet(tmp_path / "many")
    pd.testing.assert_frame_equal(few[[*SCORES]], many[[*SCORES]], check_exact=True)
    pd.testing.assert_frame_equal(few, many, rtol=1e-6)


def test_a_reader_of_batches_is_scored_like_a_file(tmp_path, today, opening, win, acv):
    table = pa.Table.from_pandas(today, preserve_index=False)
    today.to_parquet(tmp_path / "rows.parquet", index=False)
    score_file(tmp_path / "rows.parquet", tmp_path / "a", opening, win, acv)
    score_file(table.to_reader(max_chunksize=40), tmp_path / "b", opening, win, acv)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a"), pd.read_parquet(tmp_path / "b"))


def test_texts_may_be_written_as_any_kind_of_text(tmp_path, today, win):
    plain = pa.Table.from_pandas(today, preserve_index=False)
    at = plain.schema.get_field_index("industry")
    for i, kind in enumerate((pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string()))):
        source = tmp_path / f"{i}.parquet"
        pq.write_table(plain.set_column(at, "industry", plain["industry"].cast(pa.string()).cast(kind)), source)
        score_file(source, tmp_path / f"scores {i}", None, win, None)
    one, two, three = ((tmp_path / f"scores {i}").read_bytes() for i in range(3))
    assert one == two == three


def test_numbers_may_be_written_as_any_kind_of_number(tmp_path, today, win):
    rows = today.assign(n_outbound_90d=today["n_outbound_90d"].mask(today.index == 3))
    whole = rows.assign(n_outbound_90d=rows["n_outbound_90d"].astype("Int32"), employees=None, industry=None)
    plain = rows.assign(employees=np.nan, industry=pd.Series([None] * len(rows), dtype="str"))
    for name, frame in (("a", whole), ("b", plain)):
        frame.to_parquet(tmp_path / f"{name}.parquet", index=False)
        score_file(tmp_path / f"{name}.parquet", tmp_path / name, None, win, None)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a"), pd.read_parquet(tmp_path / "b"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.drop(columns=["employees", "account_id"]), "2 columns are missing: account_id, employees "),
        (lambda t: t.assign(employees="many"), r"no numbers where the models know numbers: employees \("),
        (lambda t: t.assign(industry=1.5), r"no text where the models know text: industry \(double\)"),
        (lambda t: t.head(0), "no row in it"),
    ],
)
def test_rows_that_cannot_be_scored_are_refused_in_a_sentence_and_nothing_is_left(
    tmp_path, today, opening, win, acv, change, sentence
):
    change(today).to_parquet(tmp_path / "rows.parquet", index=False)
    with pytest.raises(TableError, match=f"^rows.parquet: .*{sentence}"):
        score_file(tmp_path / "rows.parquet", tmp_path / "scores.parquet", opening, win, acv)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]


def test_a_column_that_stands_twice_is_refused(tmp_path, today, win):
    table = pa.Table.from_pandas(today, preserve_index=False)
    pq.write_table(table.append_column("employees", table["employees"]), tmp_path / "rows.parquet")
    with pytest.raises(TableError, match="repeated: employees"):
        score_file(tmp_path / "rows.parquet", tmp_path / "scores.parquet", None, win, None)


def test_what_is_no_parquet_file_is_refused(tmp_path, today, win):
    today.to_parquet(whole := tmp_path / "whole.parquet", index=False)
    for name, content in (("empty", b""), ("text", b"account_id\n1\n" * 9), ("torn", whole.read_bytes()[:-50])):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(TableError, match=f"^{name}: not a Parquet file"):
            score_file(tmp_path / name, tmp_path / "scores.parquet", None, win, None)
    with pytest.raises(TableError, match="no such file"):
        score_file(tmp_path / "nowhere", tmp_path / "scores.parquet", None, win, None)


def test_a_file_that_breaks_half_way_leaves_nothing(tmp_path, today, win, monkeypatch):
    monkeypatch.setattr(score_files, "BATCH", 20)
    monkeypatch.setattr(score_files, "ROW_GROUP", 20)
    source = tmp_path / "rows.parquet"
    today.to_parquet(source, index=False, row_group_size=20, compression=None)
    content = bytearray(source.read_bytes())
    # Pages of the last row group; the footer, which says where they are, stays.
    start = pq.read_metadata(source).row_group(10).column(0).file_offset or len(content) // 2
    content[start : start + 600] = b"\xff" * 600
    source.write_bytes(content)
    with pytest.raises(TableError, match=r"rows\.parquet: row 201 and those after it cannot be read"):
        score_file(source, tmp_path / "scores.parquet", None, win, None)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]


def test_a_target_is_never_written_over(tmp_path, today, win):
    today.to_parquet(tmp_path / "rows.parquet", index=False)
    with pytest.raises(SheetError, match=r"rows\.parquet exists already"):
        score_file(tmp_path / "rows.parquet", tmp_path / "rows.parquet", None, win, None)
    with pytest.raises(SheetError, match="there is no folder"):
        score_file(tmp_path / "rows.parquet", tmp_path / "nowhere" / "scores.parquet", None, win, None)
    with pytest.raises(SheetError, match="there is no model"):
        score_file(tmp_path / "rows.parquet", tmp_path / "scores.parquet", None, None, None)


def test_fewer_stories_than_reasons_leave_the_rest_empty(tmp_path, today, acv_median):
    today.to_parquet(tmp_path / "rows.parquet", index=False)
    score_file(tmp_path / "rows.parquet", tmp_path / "scores.parquet", None, None, acv_median, top=2)
    found = pd.read_parquet(tmp_path / "scores.parquet")
    assert (found["reason_1_feature"] == "segment").all()
    assert found.filter(like="reason_2_").isna().all(axis=None)


def test_where_loops_of_our_own_differ_the_whole_file_is_lightgbms_and_it_is_said(
    tmp_path, today, win_trees, monkeypatch
):
    monkeypatch.setattr(score_files, "BATCH", 100)
    monkeypatch.setattr(score_files, "MANY", 0)
    today.to_parquet(tmp_path / "rows.parquet", index=False)
    score_file(tmp_path / "rows.parquet", tmp_path / "right", None, win_trees, None)
    trees = dataclasses.replace(win_trees.model)
    asked = trees.forest.raw
    broken = dataclasses.replace(trees.forest)
    # Right for the first batch, wrong from then on.
    calls = []
    object.__setattr__(broken, "raw", lambda x: asked(x) + (calls.append(1) or len(calls) > 1))
    trees.__dict__["forest"] = broken
    with pytest.warns(UserWarning, match="left to LightGBM"):
        score_file(
            tmp_path / "rows.parquet", tmp_path / "doubted", None, dataclasses.replace(win_trees, model=trees), None
        )
    assert len(calls) == 2
    right, doubted = pd.read_parquet(tmp_path / "right"), pd.read_parquet(tmp_path / "doubted")
    pd.testing.assert_frame_equal(doubted, right, rtol=1e-9)
    trees.__dict__.pop("_doubts")
    calls.clear()
    reader = pa.Table.from_pandas(today, preserve_index=False).to_reader(max_chunksize=100)
    with (
        pytest.warns(UserWarning, match="left to LightGBM"),
        pytest.raises(TierkitError, match="Nothing was written; score the rows again"),
    ):
        score_file(reader, tmp_path / "no", None, dataclasses.replace(win_trees, model=trees), None)
    assert not (tmp_path / "no").exists()
