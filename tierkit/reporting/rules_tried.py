"""Every rule changed alone, one step, and what that would move: which rules matter before anybody argues about them."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from tierkit.errors import SheetError
from tierkit.reporting import words
from tierkit.reporting.runs import Run
from tierkit.reporting.what_if import WhatIf, slots_now, what_if
from tierkit.tiering.stability import STABILITY

_COLUMNS = ["rule", "now", "tried", "n_entered", "n_left", "n_moved", "value_change", "refused"]


def try_rules(run: Run) -> pd.DataFrame:
    """Each rule moved by one step while the others stay, those that move most of Tier 1 first.

    Returns
    -------
    One row per change: rule, now, tried (in words), n_entered and n_left (of Tier 1), n_moved (of any tier),
    value_change (of the expected value held in Tier 1, as the models see it), refused (why the rules do not allow it;
    missing where they do).
    """
    rows: list[tuple[Any, ...]] = []
    for rule, now, tried, change in _steps(run):
        try:
            rows.append((rule, now, tried, *_moved(what_if(run, **change)), None))
        except SheetError as error:
            rows.append((rule, now, tried, 0, 0, 0, float("nan"), str(error)))
    table = pd.DataFrame(rows, columns=_COLUMNS).astype({"refused": "str"})
    table["_first"] = table["n_entered"] + table["n_left"]
    order = table.sort_values(["_first", "n_moved"], ascending=False, kind="stable")
    return order[_COLUMNS].reset_index(drop=True)


def say_rules_tried(table: pd.DataFrame) -> tuple[str, ...]:
    """Which change alone would move most of Tier 1, which would move nobody, and which cannot be.

    Parameters
    ----------
    table : as `try_rules` returns it.
    """
    allowed = table[table["refused"].isna()]
    moving = allowed[allowed["n_moved"] > 0]
    if moving.empty:
        return (f"None of the {words.things(len(allowed), 'change')} tried alone would move an account.",)
    most = moving.iloc[0]
    says = [
        f"Of {words.things(len(allowed), 'change')} tried alone, {most['rule']} at {most['tried']} instead of "
        f"{most['now']} would move most: {words.things(int(most['n_entered']), 'account')} into Tier 1 and "
        f"{words.count(most['n_left'])} out of it."
    ]
    if idle := [f"{rule} at {tried}" for rule, tried in _pairs(allowed[allowed["n_moved"] == 0])]:
        says.append(f"Nobody would move with {words.listing(idle)}.")
    if not_allowed := [f"{rule} at {tried}" for rule, tried in _pairs(table[table["refused"].notna()])]:
        says.append(f"The rules do not allow {words.listing(not_allowed)}.")
    return tuple(says)


def _steps(run: Run) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """A rule, its value now and the one tried in words, and the change."""
    policy = run.sheet.tiers
    for t, now in slots_now(run).items():
        step = max(1, round(0.2 * now))
        for tried in (now + step, max(now - step, 0)):
            yield f"Tier {t} slots of all reps", words.count(now), words.count(tried), {f"tier{t}_slots": tried}
    for level in STABILITY:
        if level != policy.stability:
            yield "stability", policy.stability, level, {"stability": level}
    kept = policy.strategic_slots
    for tried in sorted({0, 2 * kept} - {kept}):
        yield "places for strategic claims", words.count(kept), words.count(tried), {"strategic_slots": tried}
    share = policy.promotion_share
    for part in sorted({0.0, min(2 * share, 0.5)} - {share}):
        change = {"promotion_share": part}
        yield "share for promotions", words.percent(share), words.percent(part), change
    for factor, tried_words in ((0.5, "half as long"), (2, "twice as long")):
        windows = {kind: round(factor * days) for kind, days in policy.windows.items()}
        yield "trigger windows", "as set", tried_words, {"windows": windows}


def _moved(result: WhatIf) -> tuple[int, int, int, float]:
    change = result.sizes["value_then"] - result.sizes["value_now"]
    return len(result.entered), len(result.left), len(result.moves), float(change.iloc[0])


def _pairs(rows: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(rows["rule"], rows["tried"], strict=True))
