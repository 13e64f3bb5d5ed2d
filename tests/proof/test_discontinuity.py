import builtins

import numpy as np
import pandas as pd
import pytest

from tierkit.errors import SheetError, TableError
from tierkit.proof.discontinuity import _estimate, effect_at_cut, expected_half_width
from tierkit.proof.effect import say_effect


def company(n, *, seed=1, effect=0.2):
    rng = np.random.default_rng(seed)
    score = rng.normal(-0.3, 1, n)
    p = 0.2 + 0.05 * score.clip(-2, 2) + effect * (score >= 0)
    ids = [f"a{k:06d}" for k in range(n)]
    won = (rng.random(n) < p).astype(float)
    return pd.DataFrame({"account_id": ids, "score": score, "treated": score >= 0, "won_in_horizon": won})


def test_too_few_to_resolve_a_tenth_is_refused_before_anything_is_estimated():
    found = effect_at_cut(company(1500))
    assert found.verdict == "refused"
    assert np.isnan(found.effect)
    half = expected_half_width(company(1500))
    assert half > 0.1
    assert say_effect(found)[1] == (
        f"With 1,500 rows the interval at the cut would reach {100 * half:.0f} points to either side; "
        "beyond 10 it tells nothing."
    )


def test_the_width_expected_falls_as_rows_grow():
    widths = [expected_half_width(company(n)) for n in (500, 2000, 8000, 32000)]
    # n^(-2/5): four times the rows make it .574 as wide
    assert np.diff(np.log(widths)) == pytest.approx(np.log(4) * -0.4, abs=0.08)
    assert expected_half_width(company(500).query("score < 0")) == np.inf


def test_without_a_stored_score_there_is_no_cut():
    found = effect_at_cut(company(100).drop(columns="score"))
    assert found.findings == (
        "No running score was stored before overrides, so nobody knows who stood just above the cut.",
    )
    with pytest.raises(TableError, match="'treated' is missing"):
        effect_at_cut(company(100).drop(columns="treated"))


def test_a_heap_above_the_cut_is_refused():
    rows = company(20000)
    just_below = rows["score"].between(-0.02, 0)
    rows["score"] = rows["score"].where(~just_below, 0.001)
    found = effect_at_cut(rows.assign(treated=rows["score"] >= 0))
    assert found.verdict == "refused"
    assert "somebody made the score fit" in found.findings[0]


def test_a_tier_that_does_not_follow_the_score_is_refused():
    rows = company(20000)
    found = effect_at_cut(rows.assign(treated=np.arange(len(rows)) % 2 == 0))
    assert "changes the share worked as Tier 1 by" in found.findings[0]


def test_a_missing_extra_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name == "rdrobust":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SheetError, match=r"pip install 'tierkit\[causal\]'"):
        effect_at_cut(company(20000))


class TestWithTheExtra:
    @pytest.fixture(autouse=True)
    def extra(self):
        return pytest.importorskip("rdrobust")

    def test_the_senate_gives_the_published_figures(self, extra):
        # statistics.md, section 3: 7.4141, robust [4.0937, 10.9193], n = 1,297
        senate = extra.rdrobust_RDsenate()[["vote", "margin"]].dropna()
        rows = pd.DataFrame(
            {
                "account_id": [f"a{k:05d}" for k in range(len(senate))],
                "score": senate["margin"].to_numpy(),
                "treated": senate["margin"].to_numpy() >= 0,
                "won_in_horizon": senate["vote"].to_numpy(),
            }
        )
        # Votes are no wins, so only the estimate itself can be held against them.
        found = _estimate(rows, 0.95, sharp=True)
        assert len(rows) == 1297
        assert [found.effect, found.low, found.high] == pytest.approx([7.4141, 4.0937, 10.9193], abs=5e-5)

    def test_a_known_jump_is_found(self):
        found = effect_at_cut(company(20000))
        assert found.verdict == "estimated"
        assert found.low <= 0.2 <= found.high
        assert (found.high - found.low) / 2 < 0.1

    def test_rows_in_any_order_give_the_same(self):
        rows = company(20000)
        first, again = effect_at_cut(rows), effect_at_cut(rows.sample(frac=1, random_state=2))
        assert (first.effect, first.low, first.high) == (again.effect, again.low, again.high)
