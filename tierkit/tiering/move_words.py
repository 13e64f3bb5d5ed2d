"""One sentence for each move, which a rep can read: who changed places, and what of whom changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tierkit.tiering.explain import Explained
from tierkit.tiering.fact_words import FactWords, Whose
from tierkit.tiering.rule_words import RuleWords
from tierkit.tiering.steps import STEPS

_BEFORE = dict(zip(STEPS, ("start", *STEPS), strict=False))
_FAR = 4
"""Places passed on from account to account that a sentence follows."""


@dataclass(frozen=True)
class MoveWords:
    """What is needed to put moves into words; `names` by account_id."""

    told: Explained
    facts: FactWords
    rules: RuleWords
    names: Mapping[str, str]

    def sentence(self, one: str, cause: str) -> str:
        """Why the account moved in the step of its cause, and which other steps went the same way."""
        path = self.told.tiers.loc[one]
        said = self._said(one, cause)
        way = np.sign(path[cause] - path[_BEFORE[cause]])
        others = [STEPS[s] for s in STEPS if s != cause and np.sign(path[s] - path[_BEFORE[s]]) == way]
        return f"{said} (also: {', '.join(others)})" if others else said

    def _said(self, one: str, step: str) -> str:
        before, after = (self._tier(one, s) for s in (_BEFORE[step], step))
        if after is None:
            why = self.rules.gate(one, step)
            after_what = f" after a {STEPS[step]}" if step == "corrections" else ""
            return f"left Tier {before}{after_what}: {why}"
        if before is None:
            return f"new in Tier {after}: {self.rules.tier_reason(one, step)}{self.rules.untiered(one, step)}"
        own, up = self._reason(one, step, Whose()), after < before
        chain = self._chain(one, step, own)
        if not chain:
            free = f"a place was free in Tier {after}" if up else f"no place was left in Tier {before}"
            return own or self.rules.overtaken(one, step) or free
        last = chain[-1]
        theirs = self._reason(last, step, Whose.named(self._name(last)))
        own_weight, their_weight = (self.facts.weight(i, step, up=self._up(i, step)) for i in (one, last))
        why = own if own and (not theirs or own_weight >= their_weight) else theirs
        head = self._head(up, chain[:1] if why == own else chain, step)
        return f"{head}: {why}" if why else head

    def _head(self, up: bool, chain: list[str], step: str) -> str:
        said = f"{'took the slot of' if up else 'lost its slot to'} {self._name(chain[0])}"
        for one, other in pairwise(chain):
            said += f", which {'took that of' if self._up(one, step) else 'lost its own to'} {self._name(other)}"
        return said

    def _chain(self, one: str, step: str, own: str) -> list[str]:
        """Who changed places with it and, as long as nothing of their own moved either, who did with those."""
        rivals, chain = self.told.rivals[step], [one]
        while len(chain) <= _FAR and (nxt := rivals.get(chain[-1])) is not None and nxt not in chain:
            chain.append(nxt)
            if own or self._reason(nxt, step, Whose()):
                break
        return chain[1:]

    def _reason(self, one: str, step: str, whose: Whose) -> str:
        before, after = (self._tier(one, s) for s in (_BEFORE[step], step))
        if after is None:
            return f"{whose.it} left ({self.rules.gate(one, step)})"
        if before is None:
            return f"{whose.it} is new"
        up = self._up(one, step)
        if step in ("corrections", "features", "model"):
            return self.facts.reason(one, step, whose, up=up)
        return self.rules.reason(one, step, whose, up=up)

    def _up(self, one: str, step: str) -> bool:
        path = self.told.tiers.loc[one]
        return bool(path[step] < path[_BEFORE[step]])

    def _tier(self, one: str, step: str) -> int | None:
        tier = int(self.told.tiers[step][one])
        return None if tier == self.told.lowest else tier

    def _name(self, one: str) -> str:
        return self.names.get(one, one)
