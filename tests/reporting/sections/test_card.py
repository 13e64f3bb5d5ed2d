"""The card of an account: what it says, and that nothing from data runs, breaks out or hides."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.reporting import example
from tests.reporting.sections.test_sections import text
from tierkit.reporting import page
from tierkit.reporting.books import write_books
from tierkit.reporting.card_words import say_change, say_move
from tierkit.reporting.cards import build_cards, card_grounds, just_below
from tierkit.reporting.fragments import anchor
from tierkit.reporting.tierfiles import stamp_tiers

TIERS = stamp_tiers(example.make_tiers(), as_of=example.AS_OF, run_id="r")
REASONS = example.make_reasons(TIERS)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=cmd|' /C calc'!A0",
    "\u202eשלום עולם\u202c",
    "x" * 200,
    "🦊🚀",
    "",
    None,
)


class Tags(HTMLParser):
    """Every tag with its attributes, and whether those that open are closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def hostile_cards() -> pd.DataFrame:
    """Tier 1 in which every name, id, owner, reason, signal and step is out to do harm."""
    bad = [HOSTILE[i % len(HOSTILE)] for i in range(len(TIERS))]
    tiers = TIERS.assign(name=bad, next_step=bad, tier_reason=[b or "-" for b in bad], industry=bad)
    reasons = REASONS.assign(words=[f"{HOSTILE[i % 6]}" for i in range(len(REASONS))])
    data = example.make_tables(tiers)
    data.frames["signals"]["detail"] = HOSTILE[0]
    data.frames["reps"]["name"] = [str(b) for b in HOSTILE]
    since = pd.DataFrame({"account_id": tiers["account_id"], "sentence": HOSTILE[1]})
    moves = example.make_counterfactuals(tiers).assign(what=HOSTILE[0])
    return build_cards(tiers, reasons, data, as_of=example.AS_OF, since=since, counterfactuals=moves)


def test_hostile_text_neither_runs_nor_breaks_out() -> None:
    html = page.show_tier1(hostile_cards()).html
    tags = Tags(html)
    assert not tags.open
    assert {tag for tag, _ in tags.seen} <= {
        *("section", "div", "p", "h3", "h4", "ul", "li", "dl", "dt", "dd"),
        *("details", "summary", "span", "bdi", "time", "i", "b"),
    }
    assert not any(name.startswith("on") for _, attrs in tags.seen for name in attrs)
    assert html.count("<bdi") >= 40  # text keeps its own direction of writing
    assert '<bdi class="name">A0006</bdi>' in html  # without a name the id stands there
    assert '<bdi class="name">A0007</bdi>' in html
    assert "x" * 200 in html


def test_each_card_has_an_id_of_its_own_that_a_link_can_name() -> None:
    cards = build_cards(TIERS, REASONS, example.make_tables(TIERS), as_of=example.AS_OF)
    ids = re.findall(r'<details class="account prints" id="([^"]+)"', page.show_tier1(cards).html)
    assert sorted(ids) == sorted(anchor(a) for a in cards["account_id"])


def test_a_card_says_everything_it_was_given_and_stays_small() -> None:
    data = example.make_tables(TIERS)
    moves = example.make_counterfactuals(TIERS)
    unknowns = pd.DataFrame(
        {"account_id": ["A0000"], "field": ["annual_revenue"], "value": [9e3], "value_low": [8e3], "value_high": [2e4]}
    )
    people = {"n_contacts": 3, "n_in_touch": 1, "executive_known": False, "single_threaded": True}
    committee = pd.DataFrame([{"account_id": "A0000", **people, "roles_missing": "decision_maker;it"}])
    since = pd.DataFrame({"account_id": ["A0000"], "sentence": ["Up from Tier 2: they came to us 3 times."]})
    tiers = TIERS.assign(value_low=TIERS["expected_value"] * 0.7, value_high=TIERS["expected_value"] * 1.4)
    cards = build_cards(
        tiers,
        REASONS,
        data,
        as_of=example.AS_OF,
        counterfactuals=moves,
        unknowns=unknowns,
        committee=committee,
        since=since,
    )
    shown = page.show_tier1(cards, below=just_below(tiers, data, moves))
    assert len(shown.html) < 4_000 * len(cards)
    card = shown.html.split(f'id="{anchor("A0000")}"')[1].split("</details>")[0]
    said = text(page.Fragment(card))
    for needed in (
        "industry unknown, headcount unknown, country unknown, with Ana Lopez",
        "$24k expected, $17k to $34k under refits",
        "firm: 95",
        "Up from Tier 2: they came to us 3 times.",
        "With 1 fewer web visit from their side (2 in the last 90 days), the model would count it no longer among",
        "revenue unknown: $8.0k to $20k expected across usual values",
        "nobody known as decision maker or IT; hangs on fewer than two people",
        "until 29 Nov 2026",
    ):
        assert needed in said, needed
    assert "Under refits: eight in ten refits" in text(shown)
    assert "Nearest to Tier 1: 1 account" in text(shown)
    # without money there is no amount anywhere
    bare = page.show_tier1(cards, below=just_below(tiers, data, moves), with_money=False)
    assert "$" not in text(bare)
    assert "revenue unknown, in this order." in text(bare)


def test_a_bar_is_as_long_as_its_reason_weighs_and_its_sign_is_written() -> None:
    reasons = pd.DataFrame(
        {
            "account_id": "A0000",
            "rank": [1, 2, 3, 4],
            "contribution": [0.8, -0.4, 0.2, 0.1],
            "words": ["best", "bad", "good", "hidden"],
            "shown": [True, True, True, False],
        }
    )
    assert card_grounds(reasons)["A0000"][0][:2] == ("best", 0.8)
    cards = build_cards(TIERS, reasons, example.make_tables(TIERS), as_of=example.AS_OF)
    card = page.show_tier1(cards).html.split(f'id="{anchor("A0000")}"')[1].split("</details>")[0]
    assert re.findall(r"<bdi>(best|bad|good|hidden)</bdi><i style=\"width:(\d+)%\">", card) == [
        ("best", "100"),
        ("good", "25"),
        ("bad", "50"),
    ]
    money = reasons.assign(money=[4000.0, -9000.0, 500.0, 1.0])
    assert [g[1] for g in card_grounds(money)["A0000"]] == [4000.0, 500.0, -9000.0]
    cards = build_cards(TIERS, money, example.make_tables(TIERS), as_of=example.AS_OF)
    card = page.show_tier1(cards).html.split(f'id="{anchor("A0000")}"')[1].split("</details>")[0]
    assert "<b>+$4.0k</b>" in card
    assert "<b>\u2212$9.0k</b>" in card


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"lever": "people", "now": 1.0, "then": 3.0}, "With 2 more of their people coming to us (1 in"),
        ({"lever": "quiet", "now": 1.0, "then": 0.0}, "With nobody of theirs coming to us for 90 days (1 touch now)"),
        ({"lever": "signal", "what": "funding", "now": 0.0, "then": 1.0}, "With a new signal of funding (none live)"),
        ({"lever": "signal", "what": "funding", "now": 1.0, "then": 0.0}, "Once its signal of funding is over"),
        ({"lever": "technology", "what": "crm", "now": 0.0, "then": 1.0}, "Were they to use crm (they do not)"),
        (
            {"lever": "field", "what": "annual_revenue", "now": np.nan, "then": 2e6},
            "Were its revenue known to be $2.0M",
        ),
        (
            {"lever": "field", "what": "employees", "now": np.nan, "then": 1200.0},
            "Were its headcount known to be 1,200",
        ),
    ],
)
def test_a_change_is_said_as_the_model_sees_it(row: dict[str, object], said: str) -> None:
    sentence = say_change({"what": "", "then_words": "", **row}, "USD")
    assert sentence.startswith(said)
    assert not re.search(r"because|raise|drive|increas|cause|_", sentence)


def test_what_cannot_move_an_account_is_said_as_such() -> None:
    move = {"held": "", "inside": True, "tier": 1, "places": 3, "lever": "", "new_value": np.nan}
    keys = {"tier_by": "value", "owner": "Ana", "currency": "USD", "with_money": True}
    assert say_move(move, **keys) == "Nothing they or we can change within the usual range would move it."
    stays = say_move({**move, "inside": False}, **{**keys, "tier_by": "stay"})
    assert stays == (
        "By value it is not among the best 3 of Ana; it entered too lately to be moved down. Nothing they or we can "
        "change within the usual range would bring it in."
    )
    assert say_move({**move, "held": "deal open"}, **keys) == "Its open deal holds its place, whatever its value."
    assert say_move(None, **keys) is None


def test_a_book_holds_a_dated_fact_what_changed_and_until_when_and_no_formula(tmp_path: Path) -> None:
    data = example.make_tables(TIERS)
    tiers = TIERS.assign(name=[HOSTILE[i % len(HOSTILE)] for i in range(len(TIERS))])
    since = pd.DataFrame({"account_id": ["A0000"], "sentence": ["=1+1"]})
    paths = write_books(tmp_path, tiers, REASONS, data, as_of=example.AS_OF, since=since)
    read = pd.concat([pd.read_csv(p, dtype="str", keep_default_na=False) for p in paths]).set_index("account_id")
    assert list(read)[-3:] == ["promoted_until", "fact", "changed"]
    assert read.loc["A0001", "fact"] == "21 Oct 2026: executive hire: new VP Operations (newswire)"
    assert read.loc["A0012", "promoted_until"] == "2026-11-20"
    assert not read["changed"].str.startswith("=").any()
    assert not read["name"].str.match(r"[=+@-]").any()
    assert read.index.is_unique
    assert not set(read.index) & set(TIERS.loc[~TIERS["contactable"], "account_id"])
