import copy
import json

import pytest

from tierkit.proof.ledger_chain import check_chain, follow_ledgers, hash_ledger, say_chain


def chained(*months: str) -> dict:
    """Ledgers of months in order, each written after those before it."""
    ledgers: dict = {}
    for i, month in enumerate(months):
        earlier = {name: ledger for name, ledger in ledgers.items() if name[:7] < month[:7]}
        ledgers[month] = {
            "frozen": [{"as_of": f"{month[:7]}-28", "sha256": f"{i:064x}", "horizon_days": 90, "n": 1}],
            "scored": [{"as_of": "2026-01-28", "tier": 1, "n_won": i}],
            "follows": follow_ledgers(earlier),
        }
    return ledgers


MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04")


def status_of(ledgers: dict) -> dict[str, str]:
    return {row["month"]: row["status"] for row in check_chain(ledgers).to_dict("records")}


def test_each_ledger_follows_the_one_before_and_the_newest_is_not_guarded_yet():
    ledgers = chained(*MONTHS)
    assert ledgers["2026-03"]["follows"] == {"2026-02": hash_ledger(ledgers["2026-02"])}
    table = check_chain(ledgers)
    assert table["status"].tolist() == ["intact", "intact", "intact", "newest"]
    assert table["followed_by"].tolist() == ["2026-02", "2026-03", "2026-04", ""]
    assert say_chain(table) == (
        "3 ledgers are as later months found them, none taken away; 1 not guarded by a later one yet.",
    )


def test_the_hash_does_not_hang_on_layout():
    ledger = chained("2026-01")["2026-01"]
    assert hash_ledger(json.loads(json.dumps(ledger, indent=4))) == hash_ledger(dict(reversed(ledger.items())))


@pytest.mark.parametrize(
    "path",
    [
        ("frozen", 0, "sha256"),  # the promise
        ("frozen", 0, "horizon_days"),  # how it is scored
        ("frozen", 0, "as_of"),  # from when
        ("scored", 0, "n_won"),  # what came of an earlier one
    ],
)
def test_a_ledger_written_anew_shows(path):
    ledgers = copy.deepcopy(chained(*MONTHS))
    part, at, name = path
    ledgers["2026-02"][part][at][name] = "2026-02-01"
    assert status_of(ledgers) == dict(zip(MONTHS, ["intact", "rewritten", "intact", "newest"], strict=True))
    assert "A ledger of 2026-02 was changed after 2026-03 was published" in say_chain(check_chain(ledgers))[0]


def test_a_promise_taken_out_of_its_ledger_shows():
    ledgers = chained(*MONTHS)
    ledgers["2026-02"] = {**ledgers["2026-02"], "frozen": []}
    assert status_of(ledgers)["2026-02"] == "rewritten"


def test_a_month_taken_away_shows():
    ledgers = chained(*MONTHS)
    del ledgers["2026-02"]
    table = check_chain(ledgers)
    assert table.loc[table["status"] == "removed", ["month", "followed_by"]].values.tolist() == [["2026-02", "2026-03"]]
    assert "A ledger of 2026-02 is gone that stood when 2026-03 was published" in say_chain(table)[0]
    # Nor can the month after be made to forget it: its own hash stands in the next one.
    ledgers["2026-03"] = {**ledgers["2026-03"], "follows": {}}
    assert status_of(ledgers)["2026-03"] == "rewritten"


def test_a_superseded_run_is_guarded_beside_the_one_that_took_its_place():
    ledgers = chained("2026-01", "2026-02-aaaaaa", "2026-02", "2026-03")
    assert sorted(ledgers["2026-03"]["follows"]) == ["2026-02", "2026-02-aaaaaa"]
    assert (check_chain(ledgers)["status"] == "intact").sum() == 3
    # Moved aside by a run made later, it is still found by its hash.
    moved = {("2026-02-bbbbbb" if name == "2026-02" else name): ledger for name, ledger in ledgers.items()}
    assert (check_chain(moved)["status"] == "intact").sum() == 3
    del moved["2026-02-aaaaaa"]
    assert (check_chain(moved)["status"] == "removed").sum() == 1


def test_ledgers_from_before_the_chain_are_welcome_and_guarded_from_then_on():
    old = {name: {k: v for k, v in ledger.items() if k != "follows"} for name, ledger in chained(*MONTHS[:2]).items()}
    assert check_chain(old)["status"].tolist() == ["unguarded", "newest"]
    ledgers = {**old, "2026-03": {"frozen": [], "scored": [], "follows": follow_ledgers(old)}}
    assert check_chain(ledgers)["status"].tolist() == ["intact", "intact", "newest"]
    ledgers["2026-01"] = {**old["2026-01"], "scored": []}
    assert check_chain(ledgers)["status"].tolist() == ["rewritten", "intact", "newest"]


def test_no_ledger_no_words():
    assert say_chain(check_chain({})) == ()
    assert follow_ledgers({}) == {}
