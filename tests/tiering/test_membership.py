import numpy as np
import pandas as pd
import pytest

from tests.models.truth import make_deals, make_verdicts
from tests.tiering.books import AS_OF, accounts_of, scores_of, tables_of
from tierkit.models.acv import fit_acv
from tierkit.models.bootstrap import Refits, bootstrap_scores
from tierkit.models.linear import Ridge
from tierkit.models.propensity import fit_propensity
from tierkit.models.scoring import score_accounts
from tierkit.tiering.assign import assign_tiers
from tierkit.tiering.membership import contested, membership_prob
from tierkit.tiering.policy import Policy

ONE_PLACE = Policy(sizes=(1, 1), strategic_slots=0, promotion_share=0, stability="normal")


def refits_of(acv: list[list[float]], ids: list[str]) -> Refits:
    worth = np.array(acv)
    return Refits(np.array(ids, dtype=object), np.ones_like(worth), np.ones_like(worth), worth)


def of(members: pd.DataFrame, column: str) -> dict[str, float]:
    return dict(zip(members["account_id"], members[column], strict=True))


IDS = ["A0000", "A0001", "A0002"]
# The one place goes to A0000 in two of four refits, to A0001 in one, to A0002 in one.
VALUES = [[9.0, 5, 1], [9, 5, 1], [4, 5, 1], [2, 3, 8]]


def test_the_probability_is_the_share_of_refits_that_give_the_place() -> None:
    gated, tables = scores_of(dict.fromkeys(IDS, 1.0)), tables_of(accounts=accounts_of(3))
    members = membership_prob(gated[::-1], tables, ONE_PLACE, refits_of(VALUES, IDS), as_of=AS_OF)
    assert of(members, "membership_prob") == {"A0000": 0.5, "A0001": 0.25, "A0002": 0.25}
    assert of(members, "value_prob") == {"A0000": 0.5, "A0001": 0.25, "A0002": 0.25}
    assert set(members["n_refits"]) == {4}
    assert set(members["swings"]) == {"acv"}
    # Refits may come in another order of accounts.
    turned = Refits(*(part[..., ::-1] for part in (np.array(IDS, dtype=object), *[np.array(VALUES)] * 3)))
    turned = Refits(turned.account_id, np.ones((4, 3)), np.ones((4, 3)), turned.expected_acv)
    pd.testing.assert_frame_equal(members, membership_prob(gated, tables, ONE_PLACE, turned, as_of=AS_OF))


def test_who_held_the_place_keeps_it_in_refits_inside_the_band() -> None:
    gated, tables = scores_of(dict.fromkeys(IDS, 1.0)), tables_of(accounts=accounts_of(3))
    long_ago = pd.Timestamp("2026-01-31")
    previous = pd.DataFrame({"account_id": IDS, "tier": [2, 1, 3], "base_tier": [2, 1, 3], "since": long_ago})
    # A0001 competes with 5 x 1.2 = 6, 6, 6 and 3.6: it loses to 9, 9 and 8, and keeps the third against 4.
    members = membership_prob(gated, tables, ONE_PLACE, refits_of(VALUES, IDS), as_of=AS_OF, previous=previous)
    assert of(members, "membership_prob") == {"A0000": 0.5, "A0001": 0.25, "A0002": 0.25}
    near = [[5.5, 5, 1], [9, 5, 1], [4, 5, 1], [2, 7, 8]]
    members = membership_prob(gated, tables, ONE_PLACE, refits_of(near, IDS), as_of=AS_OF, previous=previous)
    assert of(members, "membership_prob") == {"A0000": 0.25, "A0001": 0.75, "A0002": 0.0}
    # By the evidence alone: 5.5 and 9 against 5, then 5 against 4, then 8 against 7.
    assert of(members, "value_prob") == {"A0000": 0.5, "A0001": 0.25, "A0002": 0.25}


def test_the_greatest_of_each_owner_are_as_many_as_its_places_and_never_those_off_support() -> None:
    rng = np.random.default_rng(4)
    ids = [f"A{i:04d}" for i in range(30)]
    owner = rng.choice(["R1", "R2"], 30).tolist()
    off = rng.random(30) < 0.2
    gated = scores_of(dict.fromkeys(ids, 1.0), owner_id=owner, off_support=off.tolist())
    # Whole numbers, so that values tie: the first id goes first.
    worth = rng.integers(1, 6, (7, 30)).astype(float)
    policy = Policy(sizes=(3, 4), strategic_slots=0, promotion_share=0)
    members = membership_prob(gated, tables_of(accounts=accounts_of(30)), policy, refits_of(worth, ids), as_of=AS_OF)
    first = members.set_index("account_id")["membership_prob"].reindex(ids).to_numpy()
    inside = np.zeros((7, 30))
    for name in ("R1", "R2"):
        theirs = [i for i in range(30) if owner[i] == name]
        places = round(sum(first[i] for i in theirs))
        for b in range(7):
            may = sorted((i for i in theirs if not off[i]), key=lambda i: (-worth[b, i], i))
            inside[b, may[:places]] = 1
    assert of(members, "value_prob") == pytest.approx(dict(zip(ids, inside.mean(axis=0), strict=True)))
    assert members["value_prob"].max() > 0


def test_contested_accounts_come_nearest_to_one_half_first_with_what_would_settle_them() -> None:
    gated, tables = (
        scores_of({"a": 4.0, "b": 3.0, "c": 2.0, "d": 1.0}, employees=[10, None, 30, 40]),
        tables_of(accounts=pd.DataFrame({"account_id": list("abcd")})),
    )
    tiers = assign_tiers(gated, tables, ONE_PLACE, as_of=AS_OF)
    members = pd.DataFrame(
        {
            "account_id": list("abcd"),
            "n_refits": 20,
            "membership_prob": [0.8, 0.55, 0.2, 0.15],
            "value_prob": [0.5, 0.1, 0.1, 0.1],
            "value_low": 1.0,
            "value_high": 5.0,
            "swings": ["opening", "win", "acv", "acv"],
        }
    )
    table = contested(tiers, members)
    # 0.8 and 0.2 are equally far from one half: the greater value comes first. 0.15 is settled.
    assert table["account_id"].tolist() == ["b", "a", "c"]
    assert table["to_know"].tolist() == [
        "whether a deal would be won: ask who decides and who else is considered; employees is unknown",
        "whether a deal would open: ask for its need, budget and timing",
        "how large a deal would be: ask for seats and scope",
    ]
    assert contested(tiers, members, by="value_prob")["account_id"].tolist() == ["a"]
    assert contested(tiers, members.assign(membership_prob=1.0)).empty


@pytest.fixture(scope="module")
def deals() -> pd.DataFrame:
    return make_deals(600, seed=3)


def share_contested(rows: pd.DataFrame, today: pd.DataFrame) -> float:
    verdicts, ridge = make_verdicts(), Ridge(0.03)
    win = fit_propensity(rows, verdicts, seed=1, compare=False, ridge=ridge)
    acv = fit_acv(rows, verdicts, seed=1, compare=False, ridge=ridge)
    refits = bootstrap_scores(today, rows, rows.iloc[:0], None, win, acv, n=20, seed=1)
    scores = score_accounts(today, None, win, acv)
    policy = Policy(shares=(0.1, 0.2), strategic_slots=0, promotion_share=0)
    members = membership_prob(scores, tables_of(accounts=today[["account_id"]]), policy, refits, as_of=AS_OF)
    assert members["membership_prob"].sum() == pytest.approx(round(0.1 * len(today)))
    p = members["membership_prob"]
    return float((p * (1 - p)).sum() / p.sum())


def test_more_evidence_settles_who_belongs_and_none_leaves_everybody_contested(deals: pd.DataFrame) -> None:
    today = deals.drop_duplicates("account_id").reset_index(drop=True)
    today = today[["account_id", "employees", "industry", *[c for c in today if c.startswith(("n_", "tech_"))]]]
    many = [
        deals.assign(account_id=deals["account_id"] + f"_{k}", group_id=deals["group_id"] + f"_{k}") for k in range(10)
    ]
    once, ten = share_contested(deals, today), share_contested(pd.concat(many, ignore_index=True), today)
    assert ten < 0.6 * once
    # Without a signal in deals or amounts the tenth that is chosen is drawn anew each time.
    shuffled = deals.assign(
        **deals[["won_in_horizon", "won_acv"]].sample(frac=1, random_state=1).reset_index(drop=True)
    )
    assert share_contested(shuffled, today) > 1.5 * once
