import numpy as np
import pandas as pd
import pytest

from tierkit.inputs.opening import open_tables
from tierkit.inputs.tables import Tables
from tierkit.proof.judgement import judgement_rates, say_judgement, score_judgement

AS_OF = pd.Timestamp("2026-12-31")
RECORD = pd.DataFrame(
    {
        "account_id": [*"abcdefgh"],
        "tier": [3, 3, 3, 3, 1, 1, 2, 3],
        "valid_from": pd.Timestamp("2026-01-01"),
        "valid_to": pd.NaT,
    }
)


def company(overrides: pd.DataFrame, strategic: pd.DataFrame | None = None) -> Tables:
    deals = pd.DataFrame(
        [
            ("d1", "a", "2026-04-01", "2026-05-10", "won"),  # after its override, in time
            ("d2", "b", "2026-04-01", "2026-09-10", "won"),  # after its override, 90 days and more
            ("d3", "c", "2026-02-10", "2026-05-01", "won"),  # opened before anybody decided
            ("d4", "d", "2026-04-02", "2026-05-01", "won"),  # a peer that nobody moved
            ("d5", "e", "2026-04-02", "2026-05-01", "lost"),
            ("d6", "f", "2026-04-02", "2026-05-01", "won"),
        ],
        columns=["deal_id", "account_id", "opened_at", "closed_at", "outcome"],
    )
    frames = {"accounts": pd.DataFrame({"account_id": [*"abcdefgh"]}), "deals": deals}
    given = {"overrides": overrides, "strategic": strategic}
    return open_tables(frames | {name: rows for name, rows in given.items() if rows is not None and len(rows)})


def made(*rows: tuple[str, int, str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["account_id", "tier", "author", "created_at"])
    return table.assign(reason="field_knowledge", expires_at="2027-06-30")


def score(overrides: pd.DataFrame, *, as_of: pd.Timestamp = AS_OF, strategic: pd.DataFrame | None = None):
    return score_judgement(company(overrides, strategic), RECORD, as_of=as_of, horizon_days=90)


def test_each_override_is_held_against_what_came_of_it_and_against_its_peers():
    judged = score(
        made(("a", 1, "Ana", "2026-03-01"), ("b", 1, "Ana", "2026-03-01"), ("c", 2, "Bo", "2026-03-01"))
    ).set_index("account_id")
    assert judged["won"].to_dict() == {"a": 1.0, "b": 0.0, "c": 0.0}
    assert set(judged["direction"]) == {"up"}
    assert set(judged["known_on"]) == {pd.Timestamp("2026-05-30")}
    # peers in Tier 3 that nobody moved: d, which won, and h
    assert judged[["n_peers", "n_peers_won"]].drop_duplicates().to_numpy().tolist() == [[2.0, 1.0]]


def test_direction_is_from_the_tier_in_use_the_day_before():
    judged = score(
        made(("e", 3, "Ana", "2026-03-01"), ("f", 1, "Ana", "2026-03-01"), ("g", 1, "Ana", "2026-01-01"))
    ).set_index("account_id")
    # on 31 December nobody had a tier yet
    assert judged["direction"].to_dict() == {"e": "down", "f": "none", "g": "placed"}
    assert np.isnan(judged.loc["g", "n_peers"])


@pytest.mark.parametrize(("as_of", "known"), [("2026-05-29", False), ("2026-05-30", True)])
def test_nobody_is_judged_before_the_horizon_is_over(as_of, known):
    judged = score(made(("a", 1, "Ana", "2026-03-01")), as_of=pd.Timestamp(as_of))
    assert judged["won"].notna().tolist() == [known]
    assert judged["n_peers"].notna().tolist() == [known]


def test_what_was_decided_later_is_not_known():
    assert score(made(("a", 1, "Ana", "2026-03-01")), as_of=pd.Timestamp("2026-02-28")).empty


def test_a_claim_is_judged_on_the_day_it_ends():
    claims = pd.DataFrame(
        {
            "account_id": ["b", "h"],
            "kind": "reference",
            "value": 0.5,
            "author": "cro",
            "known_at": "2026-03-01",
            "expires_at": ["2026-09-30", "2027-09-30"],
        }
    )
    judged = score(made(), strategic=claims).set_index("account_id")
    # b won 193 days after the claim, while it lasted; that of h still does
    assert judged.loc["b", "won"] == 1.0
    assert np.isnan(judged.loc["h", "won"])
    assert judged["reason"].tolist() == ["reference", "reference"]


def test_overrides_at_the_end_of_quarters_are_counted_apart():
    days = ["2026-03-21", "2026-03-22", "2026-03-31", "2026-04-01", "2026-06-30"]
    judged = score(made(*(("a", 1, who, day) for who, day in zip("ABBBA", days, strict=True))))
    rates = judgement_rates(judged, as_of="2026-07-10")
    when = rates[rates["by"] == "time"].set_index("group")
    assert when["n"].to_dict() == {"last 10 days of a quarter": 3, "other days": 2}
    # 22 to 31 March and 21 to 30 June, of the 112 days from 21 March to 10 July
    assert when["n_days"].to_dict() == {"last 10 days of a quarter": 20.0, "other days": 92.0}
    authors = rates[rates["by"] == "author"]
    assert authors["group"].tolist() == ["B", "A"]
    assert authors["per_30_days"].round(4).tolist() == [round(3 * 30 / 112, 4), round(2 * 30 / 112, 4)]
    said = " ".join(say_judgement(rates))
    assert "B made 3 of 5 overrides, the most of 2 people." in said
    # (3 / 20) / (2 / 92) = 6.9
    assert "3 overrides in the last 10 days of quarters, 2 on other days: 6.9 times as many a day" in said


def judged_by_hand(direction: str, n: int, n_won: int, peer_rate: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "what": "override",
            "account_id": [str(i) for i in range(n)],
            "author": "Ana",
            "made_on": pd.Timestamp("2026-01-15"),
            "direction": direction,
            "won": [1.0] * n_won + [0.0] * (n - n_won),
            "n_peers": 100.0,
            "n_peers_won": 100 * peer_rate,
        }
    )


@pytest.mark.parametrize(
    ("direction", "n_won", "peer_rate", "verdict"),
    [
        ("up", 10, 0.1, "people were right."),
        ("up", 2, 0.6, "people were wrong."),
        ("up", 2, 0.1, "too few to say who was right."),
        ("down", 2, 0.6, "people were right."),
        ("down", 10, 0.1, "people were wrong."),
    ],
)
def test_people_are_right_where_the_interval_leaves_the_peers_behind(direction, n_won, peer_rate, verdict):
    # of 20 rows: 10 won is 30 to 70 %, 2 won is 3 to 30 % (Wilson)
    said = say_judgement(judgement_rates(judged_by_hand(direction, 20, n_won, peer_rate), as_of="2026-12-31"))
    assert said[0].startswith(f"Accounts that overrides moved {direction} won {n_won} of 20")
    assert said[0].endswith(verdict)


def test_without_decisions_nothing_is_said():
    judged = score(made())
    assert judged.empty
    assert say_judgement(judgement_rates(judged, as_of=AS_OF)) == ()
