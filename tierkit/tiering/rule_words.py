"""What places, rules, windows, overrides and gates changed about an account, in words."""

from dataclasses import dataclass

import pandas as pd

from tierkit.tiering.fact_words import Whose
from tierkit.tiering.policy import Policy
from tierkit.tiering.steps import STEPS, Month, Walk

_PATH = ("start", *STEPS)
_LIFTS = {"windows": ("strategic", "trigger", "exploration"), "overrides": ("override",)}
"""What may set a tier in the steps of windows and overrides."""
_ELSEWHERE = {"windows", "promote", "promotion_min_fit", "gates", "plays", "preset"}
_ELSEWHERE |= {"budget", "investment_floor", "investment_ceiling", "hours", "hours_per_rep"}
"""Keys of the policy that decide no places, or do so in another step; the rest belongs to that of places and cut."""


@dataclass(frozen=True)
class RuleWords:
    """What changed between two months besides facts and models."""

    walk: Walk
    before: Month
    now: Month

    def reason(self, one: str, step: str, whose: Whose, *, up: bool) -> str:
        """What the step changed about the account; empty where it changed nothing of its own."""
        if step == "carried":
            return self._carried(one, whose)
        if step == "capacity":
            return self._capacity(one, whose, up=up)
        if step in _LIFTS:
            return self._lifts(one, step, whose)
        return ""

    def gate(self, one: str, step: str) -> str:
        """Why an account is not tiered after a step."""
        frame = self.walk.gated.get(step)
        said = None if frame is None else _cell(frame, one, "gate_reason")
        return said if isinstance(said, str) and said else "no longer an input account"

    def untiered(self, one: str, step: str) -> str:
        """What kept an account out of the tiers before a step, for the end of a sentence; empty where nobody knows."""
        before = {"features": "corrections", "model": "features", "gates": "model"}.get(step)
        said = None if before is None else _cell(self.walk.gated[before], one, "gate_reason")
        return f" (before: {said})" if isinstance(said, str) and said else ""

    def tier_reason(self, one: str, step: str) -> str:
        """Why an account is in its tier after a step."""
        return str(_cell(self.walk.tiers[step], one, "tier_reason") or "")

    def _carried(self, one: str, whose: Whose) -> str:
        if _cell(self.walk.tiers["start"], one, "tier_by") == "churn budget":
            return f"last month's churn budget put {whose.its} move off"
        return f"{whose.its} move was due last month already"

    def _capacity(self, one: str, whose: Whose, *, up: bool) -> str:
        tiers = self.walk.tiers
        was, is_ = (_cell(tiers[step], one, "owner_id") for step in ("model", "capacity"))
        if not _same(was, is_):
            return f"{whose.it} moved from {self._rep(was)}'s book to {self._rep(is_)}'s"
        a, b = (_cell(tiers[step], one, "tier") for step in ("model", "capacity"))
        column = f"tier{min(int(str(t)) for t in (a, b) if t is not None)}_slots"
        old, new = (_slots(m.ground.reps, m.policy, is_, column) for m in (self.before, self.now))
        if old is not None and new is not None and (new > old if up else new < old):
            return f"{self._rep(is_)} has {new} Tier {column[4]} slots, last month {old}"
        if not up and _cell(tiers["model"], one, "tier_by") == "stay":
            return f"{whose.its} minimum stay is over"
        first, second = self.before.policy, self.now.policy
        placing = [key for key in type(second).model_fields if key not in _ELSEWHERE]
        keys = [key.replace("_", " ") for key in placing if getattr(first, key) != getattr(second, key)]
        return f"the run sheet has changed ({', '.join(keys)})" if keys else ""

    def _lifts(self, one: str, step: str, whose: Whose) -> str:
        earlier = _PATH[_PATH.index(step) - 1]
        was, is_ = (_cell(self.walk.tiers[s], one, "tier_by") for s in (earlier, step))
        kinds = _LIFTS[step]
        if is_ in kinds and (was != is_ or self.tier_reason(one, earlier) != self.tier_reason(one, step)):
            said = self.tier_reason(one, step)
            return said if whose.it == "it" else f"{whose.it} was {said}" if is_ == "trigger" else f"{whose.its} {said}"
        return self._ended(one, str(was), whose) if was in kinds else ""

    def overtaken(self, one: str, step: str) -> str:
        """That an account lost its promotion or its claim's place to others; empty where it had none to lose."""
        earlier = _PATH[_PATH.index(step) - 1]
        was, is_ = (_cell(self.walk.tiers[s], one, "tier_by") for s in (earlier, step))
        lost = {"trigger": "promotion", "strategic": "place as a claim", "exploration": "trial"}
        return f"its {lost[str(was)]} went to another account" if was in lost and was != is_ else ""

    def _ended(self, one: str, by: str, whose: Whose) -> str:
        ground = self.before.ground
        what, days = {
            "trigger": ("window", _of(ground.triggers[ground.triggers["promotes"].astype(bool)], one, "until")),
            "strategic": ("claim", _of(ground.claims.reset_index(), one, "until")),
            "exploration": ("trial", _of(self.walk.tiers["start"], one, "promoted_until")),
            "override": ("override", _of(ground.overrides, one, "expires_at")),
        }[by]
        last = pd.to_datetime(days).max() if len(days) else pd.NaT
        if what == "window" and len(ends := ground.triggers[ground.triggers["account_id"] == one]):
            ends = ends[ends["promotes"].astype(bool)].sort_values("until", kind="stable")
            what = f"{str(ends['kind'].iloc[-1]).replace('_', ' ')} window" if len(ends) else what
        if pd.notna(last) and last < self.now.as_of:
            return f"{whose.its} {what} ended on {last.day} {last:%b %Y}"
        return f"{whose.its} {what} was withdrawn" if by == "override" else f"{whose.its} {what} holds no place now"

    def _rep(self, owner_id: object) -> str:
        for month in (self.now, self.before):
            reps = month.ground.reps
            if "name" in reps and len(named := reps.loc[reps["owner_id"] == owner_id, "name"].dropna()):
                return str(named.iloc[0])
        return str(owner_id) if isinstance(owner_id, str) and owner_id else "nobody"


def _slots(reps: pd.DataFrame, policy: Policy, owner_id: object, column: str) -> int | None:
    default = {"tier1_slots": policy.tier1_per_rep, "tier2_slots": policy.tier2_per_rep}.get(column)
    mine = reps[reps["owner_id"] == owner_id]
    if default is None or (mine.empty and len(reps)):
        return None
    given = mine[column].iloc[0] if column in mine and len(mine) else None
    return default if given is None or pd.isna(given) else int(given)


def _of(frame: pd.DataFrame, one: str, column: str) -> pd.Series:
    return frame.loc[frame["account_id"] == one, column].dropna() if column in frame else pd.Series(dtype="object")


def _cell(frame: pd.DataFrame, one: str, column: str) -> object:
    """The value of an account in a column, None where there is none."""
    found = _of(frame, one, column)
    return found.iloc[0] if len(found) else None


def _same(a: object, b: object) -> bool:
    return a == b or (a is None and b is None)
