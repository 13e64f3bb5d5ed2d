"""The page of ratios: how two ways are timed in turn, what the page says of them, and that a wrong answer fails."""

import re
import sys
from types import ModuleType

import pytest

from tests.benchmarks import __main__ as bench
from tests.benchmarks import whole_runs
from tests.benchmarks.page import HEAD, duration, machine, page_of
from tests.benchmarks.ratios import Figure, Ratio, Seconds, take_turns

OURS, THEIRS = Seconds(0.02, 0.01, 0.03), Seconds(0.5, 0.4, 0.6)


def ratio(**changes):
    given = {
        "what": "Tiers", "size": "10 accounts", "peer": "groupby.rank", "library": "pandas", "ours": OURS,
        "theirs": THEIRS, "agrees": True, "compared": "tier by tier",
    }  # fmt: skip
    return Ratio(**(given | changes))


def cells(page: str, start: str) -> list[str]:
    (line,) = [line for line in page.splitlines() if line.startswith(f"| {start}")]
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_ways_are_timed_in_turn_and_the_order_turns_round():
    calls, now = [], [0.0]

    def way(name, seconds):
        def call():
            calls.append(name)
            now[0] += seconds * len(calls)
            return f"{name} {len(calls)}"

        return call

    took = take_turns(way("ours", 1.0), way("peer", 10.0), turns=3, clock=lambda: now[0])
    # one of each off the clock, then ours first, peer first, ours first
    assert calls == ["ours", "peer", "ours", "peer", "peer", "ours", "ours", "peer"]
    # ours were calls 3, 6 and 7, of a second each; the peer's calls 4, 5 and 8, of ten
    assert took.ours == Seconds(6, 3, 7)
    assert took.theirs == Seconds(50, 40, 80)
    assert (took.our_answer, took.their_answer) == ("ours 7", "peer 8")


def test_a_part_of_the_work_is_scaled_to_the_whole():
    now = [0.0]

    def peer():
        now[0] += 2.0

    took = take_turns(lambda: None, peer, turns=1, warm=False, part=0.25, clock=lambda: now[0])
    assert took.theirs == Seconds(8, 8, 8)


def test_a_row_tells_both_ways_their_ratio_the_claim_and_the_answers():
    page = page_of({"tiers": [ratio(at_least=20), ratio(what="Slow", ours=Seconds(1.0, 1, 1), at_least=2)]})
    held = cells(page, "**Tiers**<br>10 accounts")
    assert held[1] == "20.0\u00a0ms<br>(10.0\u00a0to\u00a030.0)"
    assert re.fullmatch(r"`groupby.rank`<br>pandas \d+\.\d+\.\d+", held[2])
    # 0.5 / 0.02 = 25
    assert held[3:] == ["500\u00a0ms<br>(400\u00a0to\u00a0600)", "**25.0**", "at least 20: held", "tier by tier"]
    slow = cells(page, "**Slow")
    assert slow[4:6] == ["0.50, the peer is faster", "at least 2: **missed**"]
    assert page.startswith(HEAD)
    assert "Answers that agree: 2 of 2. Claims and limits held: 1 of 2." in page


def test_a_figure_without_a_peer_stands_in_a_table_of_its_own():
    page = page_of({"whole runs": [Figure("import", "", 0.25, "s", 0.3), Figure("report", "demo", 200.0, "s", 180)]})
    assert "## Whole runs" in page
    assert cells(page, "**import") == ["**import**", "0.25 s", "at most 0.3: held", ""]
    assert cells(page, "**report")[1:3] == ["200 s", "at most 180: **missed**"]


def test_every_table_has_as_many_cells_in_every_line_whatever_the_words():
    page = page_of({"odd": [ratio(compared="a | b\nc"), Figure("x | y", "", 1.0, "s")]})
    tables = [lines for lines in page.split("\n\n") if lines.startswith("|")]
    assert len(tables) == 2
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.strip().splitlines()}) == 1


def test_an_answer_that_differs_fails_by_name(monkeypatch, capsys, tmp_path):
    rows = {"good": [ratio()], "bad": [ratio(what="Wrong tiers", agrees=False), ratio(at_least=1000)]}
    shown = run(monkeypatch, tmp_path, rows)
    assert shown.value.code == (
        "bad: the answers differ: Wrong tiers, 10 accounts: 20.0 ms; groupby.rank 500 ms: 25.0 times; "
        "compared: tier by tier"
    )
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert cells(page, "**Wrong tiers")[-1] == "**DIFFER:** tier by tier"
    told = capsys.readouterr().out
    assert "bad: Wrong tiers, 10 accounts: 20.0 ms; groupby.rank 500 ms: 25.0 times; THE ANSWERS DIFFER" in told
    # a ratio below its claim is said, but a slow machine gives no wrong answer
    assert "25.0 times; claimed at least 1000" in told


def test_a_figure_whose_answer_is_wrong_fails_too(monkeypatch, tmp_path):
    wrong = Figure("make report", "", 1.0, "s", agrees=False, compared="as the manifest says")
    shown = run(monkeypatch, tmp_path, {"runs": [wrong]})
    assert shown.value.code == "runs: the answers differ: make report: 1.00 s; compared: as the manifest says"


def test_answers_that_agree_end_well(monkeypatch, tmp_path):
    assert run(monkeypatch, tmp_path, {"good": [ratio(at_least=1000)]}) is None


def test_a_group_that_breaks_fails_and_the_others_are_still_told(monkeypatch, tmp_path):
    shown = run(monkeypatch, tmp_path, {"broken": None, "good": [ratio()]})
    assert shown.value.code == "broken: not measured to the end: broken (RuntimeError)"
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "**Not measured to the end:** broken (RuntimeError)" in page
    assert cells(page, "**Tiers")[-1] == "tier by tier"
    # what an error says may name a folder of this machine: that is for the terminal
    assert "secret" not in page


def run(monkeypatch, folder, rows):
    """`main` on made-up modules that yield `rows` by group; what it exits with, or None."""
    for name, some in rows.items():
        module = ModuleType(name)
        module.rows = lambda some=some: iter(some) if some is not None else fail()
        monkeypatch.setitem(sys.modules, f"tests.benchmarks.{name}", module)
    monkeypatch.setattr(bench, "GROUPS", {name: (name,) for name in rows})
    monkeypatch.setattr(sys, "argv", ["bench", "--out", str(folder / "page.md")])
    for name in bench.ONE_THREAD:
        monkeypatch.setenv(name, "1")
    try:
        bench.main()
    except SystemExit:
        return pytest.ExceptionInfo.from_current()
    return None


def fail():
    raise RuntimeError("/secret/folder")


def test_every_module_of_the_page_is_there():
    for modules in bench.GROUPS.values():
        for name in modules:
            assert callable(bench.rows_of(name))


def test_the_machine_is_told_without_its_name():
    import platform

    said = " ".join(machine())
    assert f"Python {platform.python_version()}" in said
    assert (platform.node() or "no name") not in said
    assert sys.prefix not in said


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.0000123, "12.3 µs"), (0.00999, "9.99 ms"), (0.9996, "1.00 s"), (12.34, "12.3 s"), (1234.4, "1,234 s")],
)
def test_durations_have_three_digits(seconds, told):
    assert duration(seconds) == told


def test_steps_of_a_run_are_read_by_name_over_its_months():
    told = "2026-09  reading the data 1.5 s\npublished\n2026-10  page 12.0 s\n2026-10  reading the data 2.0 s\n"
    assert whole_runs.demo_steps(told) == {"reading the data": 3.5, "page": 12.0}
