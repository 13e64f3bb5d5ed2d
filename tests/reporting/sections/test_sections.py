import pandas as pd
import pytest

from tests.reporting import example
from tests.reporting.test_fragments import read
from tierkit.reporting import page
from tierkit.reporting.sections.repairs import rank_missing
from tierkit.reporting.sections.treatment import compare_effort

SECTIONS = example.make_sections()
TIERS = example.make_tiers()


def text(fragment: page.Fragment) -> str:
    return " ".join(read(fragment.html).text.split()).replace("\u00a0", " ").replace("\u2011", "-")


@pytest.mark.parametrize("name", SECTIONS)
def test_every_part_stands_under_its_id(name: str) -> None:
    assert SECTIONS[name].html.startswith(f'<section id="{name}"')
    assert SECTIONS[name].html.count("<section") == 1


@pytest.mark.parametrize("name", SECTIONS)
def test_no_name_from_data_becomes_markup(name: str) -> None:
    assert "<script>alert" not in SECTIONS[name].html


def test_the_headlines_say_what_the_page_promises() -> None:
    said = text(SECTIONS["headlines"])
    assert "Approve 40 Tier 1 accounts, 5 per rep: 34 stay, 6 enter, 6 leave; 8 need your decision." in said
    assert "3.3 times (2.6-4.2)" in said
    assert "size alone gives 2.3" in said
    assert "Tier 1 alone rests on 5 wins" in said
    assert "386 accounts lack headcount, 9 of them could change tier" in said
    assert "Tier 1 gets 1.6 times Tier 2's effort, planned 4." in said


def test_headlines_of_a_first_month_without_a_model_say_so_in_the_first_line() -> None:
    said = page.write_headlines(TIERS, example.make_gates(), lead_in="Scorecard tiers: 31 won accounts are too few.")
    assert said[0].startswith("Scorecard tiers: 31 won accounts are too few. Approve 40")
    assert "the first month" in said[0]
    assert "cannot be said: without a model" in said[1]


def test_no_tier_1_account_is_said() -> None:
    said = page.write_headlines(TIERS.iloc[:0], example.make_gates().iloc[:0])
    assert said[0] == "There is no Tier 1 account to approve this month."


@pytest.mark.parametrize("word", ["AUC", "log-odds", "log-loss", "shadow price", "backtest", "held_out"])
def test_statistical_words_stay_out_of_what_a_leader_reads(word: str) -> None:
    above = " ".join(text(f) for name, f in SECTIONS.items() if name != "small-print")
    assert word.lower() not in above.lower()


def test_states_are_shapes_and_words_not_colour_alone() -> None:
    html = SECTIONS["status"].html
    assert {"<circle", "<path"} <= {t for t in ("<circle", "<path") if t in html}
    for word in ("in order", "look at it", "act on it"):
        assert word in text(SECTIONS["status"])


def test_money_that_does_not_reconcile_is_withheld_everywhere() -> None:
    shown = example.make_sections(with_money=False)
    for name in ("decisions", "tier1", "misses", "capacity"):
        assert "$" not in text(shown[name]), name
    assert "ranks instead" in text(shown["reconciliation"])
    assert "rank 1" in text(shown["tier1"])
    assert "does not agree with the bookings" in text(shown["size"])


@pytest.mark.parametrize(
    ("fragment", "because"),
    [
        (page.show_lift(None, because="deals carry no dates"), "deals carry no dates"),
        (page.show_moves(None), "first month"),
        (page.show_treatment(None), "no activities"),
        (page.show_misses(None), "nothing could be replayed"),
        (page.show_tier1(None), "no account is in Tier 1"),
        (page.show_reconciliation(None), "no bookings"),
        (page.show_decisions(None), "no tiers were assigned"),
        (page.show_repairs(None), "no account was gated"),
    ],
)
def test_a_missing_input_is_an_honest_sentence_without_a_figure(fragment: page.Fragment, because: str) -> None:
    assert "Not available, because" in text(fragment)
    assert because in text(fragment)
    assert "%" not in text(fragment)


def test_a_lift_without_mature_outcomes_shows_no_rate() -> None:
    lift = example.make_lift()
    lift[["rate", "low", "high"]] = float("nan")
    assert "no outcome is old enough" in text(page.show_lift(lift))


def test_moves_that_touch_tier_1_stand_open_and_the_rest_is_folded() -> None:
    html = SECTIONS["moves"].html
    said = text(SECTIONS["moves"])
    assert "40 accounts changed tier, 2,871 stayed where they were." in said  # 34 + 174 + 2,663
    assert "28 moves between the other tiers" in said  # 9 + 7 + 12
    assert html.index("lost its slot to") < html.index("<details")


def test_every_tier_1_account_has_a_card_under_its_rep() -> None:
    html = SECTIONS["tier1"].html
    assert html.count('<details class="account') == 40
    assert html.count('class="rep"') == 8
    said = text(SECTIONS["tier1"])
    for needed in (
        "Speaks for it",
        "Speaks against it",
        "Next step",
        "Last touch",
        "until 29 Nov 2026",
        "a year if won",
    ):
        assert needed in said


def test_the_counts_of_the_gates_stand_there_and_sum() -> None:
    said = text(SECTIONS["repairs"])
    for figure in ("2,910 qualified", "412 suppressed", "386 needs information", "292 outside the profile"):
        assert figure in said
    assert "4,000 accounts in all" in said
    assert "headcount3869" in said  # 386 lack it, learning it could move 9
    assert "industry60" in said


def test_figures_of_one_field_are_one_reason() -> None:
    gates = pd.DataFrame(
        {
            "account_id": list("abcd"),
            "gate": ["out_of_icp", "out_of_icp", "suppressed", "suppressed"],
            "gate_reason": ["employees 55", "employees 1,204", "child_of A1", "child_of A2"],
            "missing_fields": "",
        }
    )
    said = text(page.show_repairs(gates))
    assert "headcountoutside the profile2" in said
    assert "child account, tiered with its parentsuppressed2" in said


def test_an_overlay_is_the_reason_that_leads_and_a_common_step_is_said_once() -> None:
    tiers = TIERS.assign(tier_by="strategic", tier_reason="strategic: reference", next_step="Call")
    cards = page.build_cards(tiers, example.make_reasons(tiers), example.make_tables(tiers), as_of=example.AS_OF)
    html = page.show_tier1(cards).html
    assert html.count('<span class="why">strategic: reference</span>') == 40
    assert "Next step for each: Call." in html
    assert 'class="step"' not in html


def test_many_moves_out_of_tier_1_are_folded() -> None:
    moves = pd.DataFrame({"account_id": [f"a{i:03d}" for i in range(100)], "from_tier": 1, "to_tier": 3})
    html = page.show_moves(moves.assign(cause="capacity", sentence="no slot")).html
    assert "70 more moves into or out of Tier 1" in html


def test_missing_fields_are_ranked_by_what_learning_them_could_change() -> None:
    gates = pd.DataFrame(
        {
            "gate": ["needs_info"] * 3 + ["qualified"],
            "missing_fields": ["employees;industry", "industry", "country", "employees"],
            "value_of_learning": [0.0, 0.0, 0.3, 0.9],
        }
    )
    ranked = rank_missing(gates)
    # country: 1 account that could move; industry 2, employees 1 (the qualified row needs nothing)
    assert ranked.to_numpy().tolist() == [["country", 1, 1], ["industry", 2, 0], ["employees", 1, 0]]


def test_effort_under_half_of_the_plan_is_said_in_words() -> None:
    said = compare_effort(example.make_effort())
    assert said[0] == "An account in Tier 1 gets 4.1 times the touches of one in Tier 3; planned 16."  # 2.9 / 0.7
    assert "under half of the difference intended" in said[1]
    assert said[2] == "Tier 1 gets 2.9 of 8 touches."
    fair = example.make_effort().assign(delivered=[8.0, 2.0, 0.5])
    assert not any("under half" in s for s in compare_effort(fair))


def test_misses_are_named_from_the_replay() -> None:
    replay = example.make_replay()
    misses = page.find_misses(replay)
    # Tier 3 rows 24..59 won where divisible by 10: 30, 40, 50; Tier 1 rows 0..11 lost where not by 3
    assert misses["account_id"].tolist()[:3] == ["A0050", "A0040", "A0030"]  # dearest first: 70k, 60k, 50k
    assert len(misses) == 10
    assert set(misses["account_id"].iloc[3:]) < {f"A{i:04d}" for i in range(12) if i % 3}
    assert misses["knew"].iloc[0] == "ranked 51 of 60, chance to win a deal 6.7 %"  # 0.4 / (1 + 5)


def test_an_account_that_won_in_another_month_is_no_tier_1_miss() -> None:
    replay = example.make_replay()
    won = replay[replay["account_id"] == "A0001"].assign(won_in_horizon=1.0, as_of=pd.Timestamp("2026-02-28"))
    misses = page.find_misses(pd.concat([replay, won], ignore_index=True), limit=20)
    assert "A0001" not in set(misses["account_id"])
    assert "A0002" in set(misses["account_id"])


def test_immature_rows_are_no_misses() -> None:
    assert page.find_misses(example.make_replay().assign(won_in_horizon=float("nan"))).empty


def test_the_slider_carries_names_as_data_not_markup() -> None:
    html = SECTIONS["size"].html
    assert "\\u003cscript>" in html
    assert 'value="40"' in html


def test_what_stands_above_value_says_how_long_and_whom_it_could_not_lift() -> None:
    said = text(SECTIONS["overlays"])
    assert "In force: 1 strategic claim, 2 promotions, 1 override and 1 trial." in said
    # From 31 October to 11 November: eleven days, the soonest to end, so the first row.
    assert "Tier 2 to Tier 1executive hire11 Nov 202611" in said
    assert "1 promotion below Tier 1" in said
    assert said.index("executive hire") < said.index("drawn with a chance of 1 in 12") < said.index("board rel")
    assert "3 that could not be followed, and why" in said
    assert "its rep holds no free slot" in said
    assert "A9999Overridethe account is not qualified" in said


def test_how_decisions_fared_is_folded_below_them() -> None:
    says = ("Accounts that overrides moved up won 1 of 4.", "7 overrides are not old enough to judge.")
    for ledger in (example.make_ledger(), example.make_ledger().iloc[:0]):
        said = text(page.show_overlays(ledger, as_of=example.AS_OF, says=says))
        assert "".join(("Were people right?", *says)) in said


def test_without_overlays_all_go_by_value() -> None:
    said = text(page.show_overlays(example.make_ledger().iloc[:0], as_of=example.AS_OF))
    assert said == "No claim, trigger or decision by people changes a tier: all go by value."


def test_every_rep_has_its_places_and_the_worth_of_one_more() -> None:
    said = text(SECTIONS["capacity"])
    assert "One more Tier 1 place is worth most with Ana Lopez: $41k." in said
    assert "Ben Okafor3 of 5$013 of 15$0" in said
    assert "to within 0.01 %" in said


def test_a_place_is_worth_nothing_while_none_is_full() -> None:
    free = example.make_prices().assign(price=0.0)
    said = text(page.show_capacity(example.make_capacity(), free))
    assert "No rep needs one more Tier 1 place: none is full." in said
    assert "worth" not in text(page.show_capacity(example.make_capacity()))


def classed_misses() -> tuple[pd.DataFrame, pd.DataFrame]:
    found = page.find_misses(example.make_replay(), limit=2)
    misses = found.assign(
        kind="backtest",
        why=["<b>It was blind</b>.", "It got no touch."],
        change=["know_employees", "work"],
        change_says=["Look up headcount where it is unknown", "Work Tier 1 as its play asks"],
        **{"class": ["missing data", "not worked"]},
    )
    tried = pd.DataFrame(
        {
            "change": ["know_employees", "work"],
            "says": ["Look up headcount where it is unknown", "Work Tier 1 as its play asks"],
            "kind": ["data", "work"],
            "n_caught": [1, 1],
            "n_months": 12,
            "n_gained": [15, 0],
            "n_lost": [6, 0],
            "places_more": [0, 0],
            "verdict": ["no more than chance", "cannot be replayed"],
            "sentence": ["15 wins in, 6 out.", "No replay can say."],
        }
    )
    return misses, tried


def test_misses_say_their_class_and_what_would_have_caught_them() -> None:
    misses, tried = classed_misses()
    shown = page.show_misses(misses, tried=tried)
    said = text(shown)
    assert "Of 2: 1 missing data, 1 not worked." in said
    assert "1 changes" not in said
    assert "1 change was tried on all 12 replayed months" in said
    assert "same months they were found on" in said
    assert "nobody was asked to work there" in said
    assert "<b>It was blind</b>" not in shown.html
    assert said.index("Look up headcount") < said.index("What the classes mean") < said.index("Every change tried")
    assert "Look up headcount where it is unknown; tried: no more than chance" in said
    # What cannot be replayed has no count.
    assert "Work Tier 1 as its play asks1–––cannot be replayed" in said


def test_coverage_by_tier_and_source_is_folded_with_its_denominators() -> None:
    groups = pd.DataFrame(
        {
            "by": ["tier", "tier"],
            "group": ["Tier 1", "Tier 2"],
            "field": "employees",
            "n": [40, 200],
            "share": [0.9, 0.5],
        }
    )
    said = text(page.show_repairs(example.make_gates(), groups=groups, says=["Least is known of headcount."]))
    assert "Tier 1 (of 40)Tier 2 (of 200)headcount90 %50 %" in said.replace("\u00a0", " ")
