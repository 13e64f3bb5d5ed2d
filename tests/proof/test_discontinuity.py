import builtins

import numpy as np
import pandas as pd
import pytest

from tierkit.errors import SheetError, TableError
from tierkit.inputs.opening import open_tables
from tierkit.proof.discontinuity import _estimate, effect_at_cut, expected_half_width, rows_at_cut
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
        "No month with a value for each account is old enough to judge: nobody knows who stood just above the cut.",
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


def month(values, *, base, by="value", tier=None):
    ids = [f"a{k}" for k in range(len(values))]
    table = pd.DataFrame(
        {"account_id": ids, "owner_id": "r", "base_tier": base, "tier_by": by, "expected_value": values}
    )
    return table.assign(tier=base if tier is None else tier)


def test_the_score_is_how_far_value_lay_from_the_reps_cut():
    deals = [
        ("d1", "a1", "2026-02-10", "2026-03-01", "won"),
        ("d2", "a0", "2026-05-10", "2026-06-01", "won"),
    ]
    tables = open_tables(
        {
            "accounts": pd.DataFrame({"account_id": [f"a{k}" for k in range(4)]}),
            "deals": pd.DataFrame(deals, columns=["deal_id", "account_id", "opened_at", "closed_at", "outcome"]),
        }
    )
    # cut at 200; a3 is held by a band, whose cut is another; a2 was lifted by an override
    by, tier = ["value", "value", "override", "band"], [1, 1, 1, 1]
    values = month([400.0, 200.0, 100.0, 50.0], base=[1, 1, 2, 1], by=by, tier=tier)
    ends = [pd.Timestamp(day) for day in ("2025-12-31", "2026-02-28", "2026-04-30", "2026-08-31")]
    rows = rows_at_cut([(end, values) for end in ends], tables, as_of=pd.Timestamp("2026-09-30"), horizon_days=90)
    # August is immature; April is taken; 90 days from February reach past its day, from December they do not
    assert rows["as_of"].unique().tolist() == [ends[2], ends[0]]
    april = rows[rows["as_of"] == ends[2]].set_index("account_id")
    assert np.exp(april["score"]).round(6).to_dict() == {"a0": 2.0, "a1": 1.0, "a2": 0.5}
    assert april["treated"].all()
    assert april["won_in_horizon"].to_dict() == {"a0": 1.0, "a1": 0.0, "a2": 0.0}
    december = rows[rows["as_of"] == ends[0]].set_index("account_id")
    assert december["won_in_horizon"].to_dict() == {"a0": 0.0, "a1": 1.0, "a2": 0.0}


def test_without_a_published_month_there_is_no_figure():
    tables = open_tables({"deals": pd.DataFrame({"deal_id": ["d"], "outcome": ["won"]})})
    found = effect_at_cut(rows_at_cut([], tables, as_of=pd.Timestamp("2026-09-30"), horizon_days=90))
    assert found.verdict == "refused"
    assert found.findings[0].startswith("No month with a value for each account is old enough to judge")
