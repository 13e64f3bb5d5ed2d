import time

import numpy as np
import pandas as pd
import pytest

from tierkit.errors import TableError
from tierkit.features.leaks import screen_features, usable_columns
from tierkit.features.settings import FeatureSettings

N = 400


def labelled(n: int = N, *, share: float = 0.3, **columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    won = (rng.random(n) < share).astype("float64")
    rows = pd.DataFrame(
        {
            "row_id": [f"r{i:05d}" for i in range(n)],
            "account_id": [f"a{i:05d}" for i in range(n)],
            "group_id": [f"a{i:05d}" for i in range(n)],
            "won_in_horizon": won,
            "won_acv": np.where(won == 1, 1000.0, np.nan),
        }
    )
    return rows.assign(**columns)


def verdict(rows: pd.DataFrame, column: str, **more: object) -> pd.Series:
    table = screen_features(rows, **more).set_index("column")  # type: ignore[arg-type]
    return table.loc[column]


def noise(seed: int = 1, n: int = N) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n)


def test_an_honest_column_passes_with_its_auc() -> None:
    rows = labelled()
    rows["headroom"] = noise() + 0.8 * rows["won_in_horizon"]
    found = verdict(rows, "headroom")
    # Two normals 0.8 apart: AUC = Phi(0.8 / sqrt(2)) = 0.714; a tree of depth 3 out of fold reaches less.
    assert found["verdict"] == "ok"
    assert 0.60 < found["figure"] < 0.75
    assert found["reason"].startswith("alone it ranks outcomes")


def test_noise_is_no_better_than_chance_even_with_a_level_a_row() -> None:
    rows = labelled(noise=noise(), city=np.random.default_rng(2).choice([f"c{i}" for i in range(100)], N))
    assert verdict(rows, "noise")["figure"] == pytest.approx(0.5, abs=0.08)
    assert verdict(rows, "city")["figure"] == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize(("gap", "expected"), [(1.0, "ok"), (2.0, "flagged"), (4.0, "refused")])
def test_values_are_judged_by_how_well_they_rank_alone(gap: float, expected: str) -> None:
    # Normals d apart: AUC = Phi(d / sqrt(2)): 0.76, 0.92, 0.998.
    rows = labelled()
    rows["reading"] = noise() + gap * rows["won_in_horizon"]
    found = verdict(rows, "reading")
    assert found["verdict"] == expected
    assert found["rule"] == ("none" if expected == "ok" else "value")


def test_levels_are_judged_as_numbers_are() -> None:
    rows = labelled()
    rows["mood"] = np.where(rows["won_in_horizon"] == 1, "up", "down")
    assert tuple(verdict(rows, "mood")[["verdict", "rule"]]) == ("refused", "value")


def test_groups_stay_on_one_side() -> None:
    # The outcome belongs to the group, and the column is the group's name in numbers: it ranks nothing out of group.
    rows = labelled()
    group = np.arange(N) // 8
    rows["group_id"] = [f"g{g:03d}" for g in group]
    rows["won_in_horizon"] = np.random.default_rng(3).integers(0, 2, N // 8)[group].astype("float64")
    rows["which"] = np.random.default_rng(4).permutation(N // 8)[group].astype("float64")
    together = verdict(rows, "which")
    apart = verdict(rows.assign(group_id=rows["row_id"]), "which")
    assert together["figure"] < 0.65 < apart["figure"]


def test_a_column_filled_on_winning_is_refused() -> None:
    rows = labelled()
    said = pd.Series(np.where(rows["won_in_horizon"] == 1, "said", None), rows.index).astype("str")
    assert verdict(rows.assign(remark=said), "remark")["verdict"] == "refused"


def test_missingness_alone_is_flagged() -> None:
    rows = labelled()
    rng = np.random.default_rng(5)
    # Filled for 80 % of wins and 30 % of losses: 0.5 + 0.5 / 2 = 0.75; the values say nothing.
    filled = rng.random(N) < np.where(rows["won_in_horizon"] == 1, 0.8, 0.3)
    rows["remark"] = np.where(filled, "said", None)
    found = verdict(rows.assign(remark=rows["remark"].astype("str")), "remark")
    assert tuple(found[["verdict", "rule"]]) == ("flagged", "missing")
    assert found["figure"] == pytest.approx(0.75, abs=0.05)


def test_filled_for_one_outcome_only() -> None:
    rows = labelled()
    lost = rows.index[rows["won_in_horizon"] == 0]
    rows["remark"] = np.nan
    # 60 lost accounts at a base of about 0.7: 0.7^60 = 5e-10. 20: 0.7^20 = 8e-4, which chance may do.
    rows.loc[lost[:60], "remark"] = noise()[:60]
    found = verdict(rows, "remark")
    assert tuple(found[["verdict", "rule", "figure"]]) == ("refused", "one_outcome", 60)
    rows.loc[lost[20:], "remark"] = np.nan
    assert verdict(rows, "remark")["verdict"] == "ok"
    # 60 rows of one account are one account.
    rows.loc[lost[:60], "remark"] = noise()[:60]
    rows.loc[lost[:60], "group_id"] = "same"
    assert verdict(rows, "remark")["verdict"] == "ok"


def test_bands_of_the_amount_are_found_by_value() -> None:
    rng = np.random.default_rng(6)
    amount = rng.lognormal(10, 1, N)
    cuts = np.quantile(amount, [0.25, 0.5, 0.75])
    rows = labelled(acv=amount, grouping=np.array(["m", "s", "xl", "l"])[np.searchsorted(cuts, amount)])
    rows["in_cents"] = amount * 100
    rows["related"] = np.searchsorted(cuts, amount * np.exp(rng.normal(size=N))).astype("float64")
    rows["seats"] = np.floor(amount / 12) + 1
    assert tuple(verdict(rows, "acv")[["verdict", "rule"]]) == ("refused", "amount")
    assert tuple(verdict(rows, "grouping")[["verdict", "rule"]]) == ("refused", "amount_bands")
    assert tuple(verdict(rows, "in_cents")[["verdict", "rule"]]) == ("refused", "amount_bands")
    assert verdict(rows, "related")["verdict"] == "ok"
    # Seats are asked for when the deal opens, at whatever price.
    assert verdict(rows, "seats")["verdict"] == "ok"
    lifted = FeatureSettings(known_at_opening=("acv", "grouping"))
    table = screen_features(rows, settings=lifted).set_index("column")
    assert table.loc["acv", "verdict"] == table.loc["grouping", "verdict"] == "flagged"
    assert table.loc["acv", "rule"] == "lifted"
    assert table.loc["in_cents", "verdict"] == "refused"


def test_names_are_judged_whatever_the_values() -> None:
    rows = labelled(Deal_Stage=noise(), funding_stage=noise(2), wins_90d=noise(3))
    table = screen_features(rows).set_index("column")
    assert table["verdict"].to_dict() == {"Deal_Stage": "refused", "funding_stage": "ok", "wins_90d": "flagged"}
    assert table["figure"].between(0.4, 0.6).all()


def test_our_own_dated_features_are_not_judged_by_name() -> None:
    rows = labelled(n_won_past=noise(), days_since_loss=noise(2), n_inbound_90d=noise(3), tech_crm_forecast=noise(4))
    table = screen_features(rows).set_index("column")
    assert (table["verdict"] == "ok").all()
    assert table["known_when"].to_dict()["n_inbound_90d"] == "dated"
    assert table["known_when"].to_dict()["tech_crm_forecast"] == "unknown"


def test_useless_columns_are_refused() -> None:
    rows = labelled(flat=1.0, empty=np.nan, ref=[f"x{i}" for i in range(N)], deal_no=np.arange(N), weight=noise())
    table = screen_features(rows).set_index("column")
    assert table["rule"].to_dict() == {
        "flat": "constant",
        "empty": "constant",
        "ref": "identifier",
        "deal_no": "identifier",
        "weight": "none",
    }


def test_the_sheet_and_the_tables_refuse_and_lift() -> None:
    rows = labelled(colour=noise(), mood=noise(2), Stage=noise(3), flat=1.0)
    settings = FeatureSettings(refuse=("colour",), known_at_opening=("Stage", "flat"))
    table = screen_features(rows, known_at_close={"mood": "from the joined file"}, settings=settings)
    found = table.set_index("column")
    assert found["rule"].to_dict() == {
        "colour": "sheet",
        "mood": "known_at_close",
        "Stage": "lifted",
        "flat": "constant",
    }
    assert found["verdict"].tolist() == ["refused", "refused", "flagged", "refused"]
    assert "joined file" in found.loc["mood", "reason"]


def test_columns_that_scoring_lacks() -> None:
    rows = labelled(here=noise(), gone=noise(2), hollow=noise(3), stage=noise(4))
    scoring = pd.DataFrame({"here": [1.0], "hollow": [np.nan]})
    table = screen_features(rows, scoring=scoring).set_index("column")
    assert table["verdict"].to_dict() == {
        "here": "ok",
        "gone": "not_available_at_scoring",
        "hollow": "not_available_at_scoring",
        "stage": "refused",
    }
    assert usable_columns(table.reset_index()) == ["here"]


def test_few_rows_are_judged_by_name_and_say_so() -> None:
    rows = labelled(39, colour=noise(n=39), stage=noise(n=39))
    table = screen_features(rows).set_index("column")
    assert table["verdict"].to_dict() == {"colour": "ok", "stage": "refused"}
    assert "not judged" in table.loc["colour", "reason"]
    assert table["figure"].isna().all()


def test_another_label_may_be_named() -> None:
    rows = labelled().drop(columns="won_acv").rename(columns={"won_in_horizon": "opened_in_horizon"})
    rows["mirror"] = rows["opened_in_horizon"]
    assert verdict(rows, "mirror", label="opened_in_horizon")["rule"] == "value"
    assert verdict(rows, "mirror")["rule"] == "value"


def test_immature_rows_are_left_out() -> None:
    rows = labelled()
    rows["reading"] = noise()
    half = rows.assign(won_in_horizon=rows["won_in_horizon"].where(np.arange(N) % 2 == 0))
    expected = screen_features(rows[np.arange(N) % 2 == 0])
    pd.testing.assert_frame_equal(screen_features(half), expected)


def test_the_order_of_rows_changes_nothing() -> None:
    rows = labelled(reading=noise(), colour=np.where(noise(2) > 0, "red", "blue"))
    pd.testing.assert_frame_equal(screen_features(rows), screen_features(rows.sample(frac=1, random_state=1)))


def test_verdicts_are_checked_before_they_are_used() -> None:
    table = screen_features(labelled(colour=noise()))
    with pytest.raises(TableError, match="one verdict a column"):
        usable_columns(pd.concat([table, table]))
    with pytest.raises(TableError, match="refused"):
        usable_columns(table.assign(verdict="fine"))


def test_sixty_columns_and_five_thousand_rows_take_seconds() -> None:
    rng = np.random.default_rng(0)
    rows = labelled(5000, **{f"x{i}": rng.normal(size=5000) for i in range(60)})
    start = time.process_time()
    screen_features(rows)
    assert time.process_time() - start < 6


def test_with_nobody_to_score_no_column_is_unavailable() -> None:
    rows = labelled(reading=noise())
    unseen = rows.drop(columns="reading")
    assert verdict(rows, "reading", scoring=unseen)["verdict"] == "not_available_at_scoring"
    assert verdict(rows, "reading", scoring=unseen.iloc[:0])["verdict"] == "ok"
