"""What data corrections, new facts and a refit changed about an account, in words."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.models.acv import Acv
from tierkit.models.change_words import change_words
from tierkit.models.opening import Opening
from tierkit.models.propensity import Propensity
from tierkit.models.shifts import greatest_shifts
from tierkit.tiering.explain import Explained
from tierkit.tiering.steps import VALUED, Walk

_SMALL = 1e-9
_ROWS = {"corrections": "carried", "features": "corrections"}
"""Steps that change rows, and the step whose rows stood before."""


@dataclass(frozen=True)
class Whose:
    """How a sentence calls an account: itself, or by name."""

    it: str = "it"
    its: str = "its"

    @classmethod
    def named(cls, name: str) -> "Whose":
        """Another account than the sentence's own."""
        return cls(name, f"{name}'s")


@dataclass(frozen=True)
class FactWords:
    """What moved the value of accounts.

    Attributes
    ----------
    change : log of the value after each step over the value before it, by account_id; 0 where either is missing.
    shifts : for `corrections` and `features`, `greatest_shifts` of the accounts that changed tier in the step.
    """

    change: pd.DataFrame
    shifts: Mapping[str, pd.DataFrame]

    def weight(self, one: str, step: str, *, up: bool) -> float:
        """How far the step moved the account's value the way it went, in log; 0 where it did not."""
        if step not in self.change or one not in self.change.index:
            return 0.0
        change = float(self.change[step][one]) * (1 if up else -1)
        return change if change > _SMALL else 0.0

    def reason(self, one: str, step: str, whose: Whose, *, up: bool) -> str:
        """The change in words; empty where the value did not move the way the account went."""
        if not self.weight(one, step, up=up):
            return ""
        if step == "model":
            return f"the model refit expects {'more' if up else 'less'} of {whose.it}"
        corrected = step == "corrections"
        shift = self.shifts[step].loc[one] if one in self.shifts[step].index else None
        if shift is None or shift["feature"] is None:
            return f"{whose.its} data were corrected" if corrected else f"what is known of {whose.it} changed"
        said = change_words(str(shift["feature"]), shift["old"], shift["new"])
        if said.what:
            verb = "was corrected" if corrected else "went"
            return f"{whose.its} {said.what} {verb} from {said.old} to {said.new}"
        if corrected:
            return f"{whose.its} record was corrected from {said.old} to {said.new}"
        if said.new[:1].isdigit():
            return f"{whose.it} shows {said.new}, last month {said.old}"
        return f"{whose.its} record says {said.new}, last month {said.old}"


def fact_words(walk: Walk, told: Explained, models: tuple[Opening | None, Propensity | None, Acv | None]) -> FactWords:
    """The words of a walk.

    Parameters
    ----------
    models : opening, win and ACV of last month, by which corrections and new facts were scored.
    """
    path = ["start", *VALUED]
    values = walk.values[path]
    logs = pd.DataFrame(np.log(values.where(values > 0).to_numpy()), values.index, values.columns)
    change = logs.diff(axis=1)[list(VALUED)].fillna(0.0)
    shifts = {}
    for step, before in _ROWS.items():
        up = told.tiers[step] < told.tiers[before]
        moved = told.tiers.index[told.tiers[step] != told.tiers[before]]
        moved = moved[moved.isin(walk.rows[step]["account_id"])]
        shifts[step] = greatest_shifts(walk.rows[before], walk.rows[step], up[moved], *models)
    return FactWords(change, shifts)
