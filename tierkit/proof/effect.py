"""What tiers do, apart from whom they pick: the result every design gives, estimated or refused, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

Verdict = Literal["estimated", "warned", "refused"]

COLUMNS = ["design", "unit", "verdict", "effect", "low", "high", "n", "n_accounts", "n_treated", "reason"]

NAMES = {
    "difference_in_differences": "Before and after, Tier 1 against the others",
    "discontinuity": "Just above against just below the cut",
    "holdout": "Tested with a control",
}
"""What the page calls each design."""


@dataclass(frozen=True)
class Effect:
    """The effect of working accounts by tier, by one design.

    Attributes
    ----------
    effect, low, high : difference of win rates and its interval; missing where refused.
    n, n_accounts : rows and accounts the figure rests on. n_treated : rows of Tier 1 once tiers were acted on.
    estimand : what the figure is of, in words. assumptions : what must hold for it to be an effect.
    checks : one row per check: check, figure, limit, passed, finding (in words, empty where passed).
    """

    design: str
    unit: str
    verdict: Verdict
    effect: float
    low: float
    high: float
    n: int
    n_accounts: int
    n_treated: int
    estimand: str
    assumptions: tuple[str, ...]
    checks: pd.DataFrame

    @property
    def findings(self) -> tuple[str, ...]:
        """What the checks found, in their order; the reasons of a refusal or a warning."""
        return tuple(text for text in self.checks["finding"].astype("str") if text)


def checks_frame(rows: Sequence[tuple[str, float, float, bool, str]]) -> pd.DataFrame:
    """Checks as a table: check, figure, limit, passed, finding."""
    table = pd.DataFrame(list(rows), columns=["check", "figure", "limit", "passed", "finding"])
    return table.astype({"figure": "float64", "limit": "float64", "passed": "bool", "finding": "str"})


def effect_table(effects: Sequence[Effect]) -> pd.DataFrame:
    """One row per design: design, unit, verdict, effect, low, high, n, n_accounts, n_treated, reason."""
    rows = [
        (e.design, e.unit, e.verdict, e.effect, e.low, e.high, e.n, e.n_accounts, e.n_treated, " ".join(e.findings))
        for e in effects
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def say_effect(effect: Effect) -> tuple[str, ...]:
    """The verdict first, what was found, then what must hold for it to be true."""
    name = NAMES.get(effect.design, effect.design)
    if effect.verdict == "refused":
        return (f"{name}: no figure.", *effect.findings)
    points = f"{_points(effect.effect)} points ({_points(effect.low)} to {_points(effect.high)})"
    nothing = effect.low <= 0 <= effect.high
    told = "which may be nothing at all" if nothing else ("more wins" if effect.effect > 0 else "fewer wins")
    first = f"{name}: {points}, {told}; {effect.n_treated:,} {effect.unit}s of Tier 1 stand behind it."
    warned = ("Read it with care.",) if effect.verdict == "warned" else ()
    return (first, *warned, *effect.findings, effect.estimand, *effect.assumptions)


def _points(difference: float) -> str:
    return f"{100 * difference:+.0f}"
