import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.models.truth import PANEL_FEATURES, make_deals, make_verdicts
from tierkit.errors import SheetError, TableError
from tierkit.models import score_files
from tierkit.models.acv import fit_acv
from tierkit.models.opening import fit_opening
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
def opening_trees(panel):
    return fit_opening(panel, make_verdicts(PANEL_FEATURES), seed=7, compare=False, kind="lightgbm")


@pytest.fixture(scope="module")
def acv_trees(deals):
    return fit_acv(deals, make_verdicts(), seed=7, compare=False, kind="lightgbm")


@pytest.fixture(scope="module")
def acv_median():
    return fit_acv(make_deals(120, seed=5).assign(segment="SMB"), make_verdicts(), seed=1, compare=False)


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
