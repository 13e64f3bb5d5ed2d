"""Other rules on the month's scores: nothing changes nothing, each rule does what it says, and the run stays."""

import numpy as np
import pandas as pd
import pytest

from tests.tiering.books import AS_OF, scores_of, tables_of
from tierkit.errors import SheetError
from tierkit.features.fit import PARTS, Icp
from tierkit.reporting.plots.what_if import plot_what_if
from tierkit.reporting.rules_tried import say_rules_tried, try_rules
from tierkit.reporting.runs import Run, open_run
from tierkit.reporting.what_if import slots_now, what_if
from tierkit.reporting.what_if_panel import show_what_if, what_if_panel

SHEET = "[tiers]\nstrategic_slots = 1\npromotion_share = 0.25\nstability = 'low'\n"
N = 40


def open_with(folder, sheet: str = SHEET, *, reps: bool = True) -> Run:
    """Two reps of 4 and 8 slots and forty accounts, A00 worth most; R1 owns the even ones."""
    (folder / "tierkit.toml").write_text(sheet)
    run = open_run("2026-10", sheet=folder / "tierkit.toml")
    ids = [f"A{i:02d}" for i in range(N)]
    owners = [f"R{1 + i % 2}" for i in range(N)]
    accounts = pd.DataFrame({"account_id": ids, "name": [f"<b>{i}</b> $x$" for i in ids], "owner_id": owners})
    rep = [{"owner_id": f"R{k}", "name": f"Rep {k}", "tier1_slots": 4, "tier2_slots": 8} for k in (1, 2)]
    claim = {"account_id": "A39", "kind": "reference", "value": 1.0, "known_at": "2026-01-01"}
    signal = {"account_id": "A14", "kind": "executive_hire", "occurred_at": AS_OF - pd.Timedelta(days=80)}
    frames = {
        "accounts": accounts,
        "strategic": [claim],
        "signals": [{**signal, "known_at": signal["occurred_at"]}],
        "deals": pd.DataFrame({"deal_id": [], "outcome": [], "account_id": [], "opened_at": []}),
    }
    gated = scores_of({a: 1000.0 * (N - i) for i, a in enumerate(ids)}, gate="qualified", fit_score=60.0)
    gated = gated.assign(
        expected_value=gated["win_prob"] * gated["expected_acv"],
        name=accounts["name"],
        owner_id=accounts["owner_id"].astype("str"),
        contactable=True,
        strategic_value=np.where(gated["account_id"] == "A39", 1.0, 0.0),
        **{f"fit_{part}": 60.0 for part in PARTS},
    )
    tables = tables_of(**frames, **({"reps": rep} if reps else {}))
    parts = [{"part": p, "weight": 0.2, "figure": None, "source": "equal", "scale": 1.0} for p in PARTS]
    icp = Icp.from_dict({"weights": parts, "levels": [], "base_rate": 0.2, "n_accounts": N, "stated": {}})
    run.keep(tables=tables, gated=gated, previous=None, members=None, icp=icp)
    run.plan()
    return run


@pytest.fixture
def run(tmp_path) -> Run:
    return open_with(tmp_path)


def names(rows: pd.DataFrame) -> set[str]:
    return set(rows["account_id"])


def test_nothing_changed_moves_nobody(run):
    result = what_if(run)
    assert result.changed == ()
    assert result.moves.empty
    assert (result.sizes["n_now"] == result.sizes["n_then"]).all()
    pd.testing.assert_frame_equal(result.tiers[run.tiers.columns], run.tiers)


def test_what_the_sheet_says_already_is_no_change(run):
    said = {"stability": "low", "strategic_slots": 1, "promotion_share": 0.25, "tier1_slots": 8, "tier2_slots": 16}
    result = what_if(run, **said)
    assert result.changed == ()
    assert result.moves.empty


def test_slots_are_spread_over_reps_like_those_they_hold(run):
    assert slots_now(run) == {1: 8, 2: 16}
    # 4 each, then 6 each: three more places by value each less the share kept for promotions.
    result = what_if(run, tier1_slots=12)
    held = result.tiers[result.tiers["tier"] == 1].groupby("owner_id").size()
    assert held.max() <= 6
    assert held.sum() > (run.tiers["tier"] == 1).sum()
    assert result.left.empty
    assert result.changed == ("Tier 1 slots 12",)
    first = result.sizes.set_index("tier").loc[1]
    added = result.entered["expected_value"].sum()
    assert first["value_then"] - first["value_now"] == pytest.approx(added)


def test_without_a_place_for_claims_the_claim_leaves(run):
    assert set(run.tiers.query("tier == 1")["account_id"]) >= {"A39"}
    result = what_if(run, strategic_slots=0)
    assert "A39" in names(result.left)


def test_a_shorter_window_ends_a_promotion(run):
    # The hire was 80 days ago: inside 90, outside 60.
    assert run.tiers.set_index("account_id")["tier_by"]["A14"] == "trigger"
    result = what_if(run, windows={"executive_hire": 60})
    assert "A14" in names(result.left)
    assert result.changed == ("windows executive hire 60",)


def test_strategic_weight_ranks_by_both(run):
    # Worth 1,000 and 40 times that with a weight of 39: second to nobody of its rep, so that its place is one by value.
    result = what_if(run, strategic_weight=39.0, strategic_slots=0)
    assert result.tiers.set_index("account_id")["base_tier"]["A39"] == 1
    # What it is worth is told as the models see it.
    assert result.tiers.set_index("account_id")["expected_value"]["A39"] == 1000.0


def test_fit_weights_decide_who_may_be_promoted(run):
    gated = run.gated.assign(fit_size=np.where(run.gated["account_id"] == "A14", 10.0, 60.0))
    run.keep(gated=gated)
    weights = dict.fromkeys(("industry", "geography", "stack", "behaviour"), 0.0)
    assert "A14" in names(what_if(run, fit_weights={**weights, "size": 1.0}).left)


def test_shares_and_sizes_are_changed_where_there_are_no_reps(tmp_path):
    for i, sizes in enumerate(("shares = [0.1, 0.2]", "sizes = [4, 8]")):
        folder = tmp_path / str(i)
        folder.mkdir()
        run = open_with(folder, f"[tiers]\n{sizes}\nstrategic_slots = 0\npromotion_share = 0\n", reps=False)
        assert slots_now(run)[1] == 4
        result = what_if(run, tier1_slots=6)
        assert result.sizes["n_then"].tolist()[0] == 6


def test_the_run_stays_as_it_is(run):
    gated, tiers, capacity = run.gated.copy(), run.tiers.copy(), run.capacity.copy()
    files = sorted(path.name for path in run.draft.folder.iterdir())
    what_if(run, tier1_slots=4, strategic_slots=0, strategic_weight=2.0, stability="high")
    pd.testing.assert_frame_equal(run.gated, gated)
    pd.testing.assert_frame_equal(run.tiers, tiers)
    pd.testing.assert_frame_equal(run.capacity, capacity)
    assert sorted(path.name for path in run.draft.folder.iterdir()) == files


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"strategic_slots": 99}, "capacity short"),
        ({"uplift": (0.1, 0.2, 0.0)}, "uplift: must fall from tier to tier"),
        ({"promotion_share": 0.9}, "promotion_share"),
        ({"windows": {"funding": -1}}, "windows"),
        ({"fit_weights": {"charm": 1.0}}, "fit has no part 'charm'"),
        ({"fit_weights": {"size": -1.0}}, "0 or more"),
    ],
)
def test_rules_that_cannot_be_are_refused(run, change, said):
    with pytest.raises(SheetError, match=said):
        what_if(run, **change)


def test_every_rule_alone(run):
    table = try_rules(run)
    moved = table["n_entered"] + table["n_left"]
    assert moved.is_monotonic_decreasing
    assert not table.duplicated(["rule", "tried"]).any()
    one = table[(table["rule"] == "Tier 1 slots of all reps") & (table["tried"] == "10")].iloc[0]
    alone = what_if(run, tier1_slots=10)
    assert (one["n_entered"], one["n_moved"]) == (len(alone.entered), len(alone.moves))
    assert say_rules_tried(table)[0].startswith(f"Of {len(table)} changes tried alone, {table['rule'].iloc[0]} at ")


def test_a_refused_rule_is_told_as_one():
    row = {"rule": "strategic", "now": "1", "tried": "9", "n_entered": 0, "n_left": 0, "n_moved": 0}
    table = pd.DataFrame([{**row, "value_change": np.nan, "refused": "capacity short"}]).astype({"refused": "str"})
    assert "None of the 0 changes" in say_rules_tried(table)[0]


def test_it_is_shown_escaped_and_the_same_every_time(run):
    result = what_if(run, tier1_slots=12)
    html = show_what_if(run, result).html
    assert html == show_what_if(run, result).html
    assert "<b>A" not in html
    assert "would enter Tier 1" in html
    assert plot_what_if(result.moves).get_yticklabels()[0].get_text().startswith("<b>A")
    assert plot_what_if(what_if(run).moves) is None


def test_moving_a_slider_assigns_the_tiers_anew(run):
    panel = what_if_panel(run)
    left, told = panel.children
    sliders = {w.description: w for box in left.children[:-1] for w in box.children if hasattr(w, "max")}
    assert "With the rules as they are, 0 accounts would enter Tier 1" in told.value
    sliders["Tier 1, all reps together"].value = 12
    assert "With Tier 1 slots 12" in told.value
    sliders["for strategic claims"].value = 10
    assert "capacity short" in told.value
    left.children[-1].click()
    assert "With the rules as they are" in told.value
    assert {"executive hire", "of size in fit", "Tier 2 treatment adds"} <= set(sliders)
