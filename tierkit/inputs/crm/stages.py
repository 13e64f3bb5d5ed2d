"""How deals stand: by the sheet, by the CRM's own flags, by the words of their stages, by a probability of 100 or 0."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tierkit.inputs.amounts import read_numbers
from tierkit.inputs.columns import ANY_VALUE
from tierkit.inputs.crm.holdings import Holding
from tierkit.inputs.crm.presets import Preset
from tierkit.inputs.customary import end_by_word
from tierkit.inputs.files.reading import plain_name

_NUMBERING = re.compile(r"^(?:stage|phase|step)?\s*\d+[a-z]?\s*[.:)|-]?\s*", re.IGNORECASE)
_LOST = {
    "lost",
    "loss",
    "lose",
    "dead",
    "disqualified",
    "abandoned",
    "cancelled",
    "canceled",
    "rejected",
    "unqualified",
}
UNSTAGED = "(no stage)"


@dataclass(frozen=True)
class Ends:
    """How each deal stands.

    Attributes
    ----------
    outcome : won, lost, open; missing where nobody can tell.
    stages : one row per stage, the most frequent first: stage, n_deals, outcome (missing where nobody can place it),
        decided_by.
    """

    outcome: pd.Series
    stages: pd.DataFrame

    @property
    def by_stage(self) -> dict[str, str]:
        """What each stage that was placed stands for."""
        placed = self.stages.dropna(subset="outcome")
        return dict(zip(placed["stage"], placed["outcome"], strict=True))

    @property
    def unplaced(self) -> list[str]:
        """Stages nobody can place."""
        return self.stages.loc[self.stages["outcome"].isna(), "stage"].tolist()


def place_deals(deals: Holding, stated: Mapping[str, str], preset: Preset) -> Ends:
    """How each deal stands.

    Parameters
    ----------
    deals : with stage, is_closed, is_won, probability where exported.
    stated : the sheet's values of outcome: stage = won, lost or open.
    """
    stage = deals.column("stage")
    said = {key.strip(): value for key, value in stated.items() if key != ANY_VALUE}
    outcome = stage.fillna("").map(said).astype("str")
    if ANY_VALUE in stated:
        outcome = outcome.mask(outcome.isna() & stage.notna(), stated[ANY_VALUE])
    decided = pd.Series("the run sheet", stage.index, dtype="str").where(outcome.notna())
    for how, found in (
        ("the CRM says whether it is closed and won", _by_flags(deals)),
        ("its words", _by_words(stage, preset)),
        ("its probability", _by_probability(deals)),
    ):
        fresh = outcome.isna() & found.notna()
        outcome, decided = outcome.where(~fresh, found), decided.mask(fresh, how)
    rows = pd.DataFrame({"stage": stage.fillna(UNSTAGED), "outcome": outcome, "decided_by": decided})
    n = rows.groupby("stage").size().rename("n_deals")
    often = rows.value_counts(["stage", "outcome", "decided_by"], dropna=False).reset_index()
    often = often.sort_values(["stage", "count", "outcome"], ascending=[True, False, True], kind="stable")
    often = often.drop_duplicates("stage").join(n, on="stage")
    often = often.sort_values(["n_deals", "stage"], ascending=[False, True], kind="stable", ignore_index=True)
    return Ends(outcome, often[["stage", "n_deals", "outcome", "decided_by"]])


def end_of_stage(stage: str, preset: Preset) -> str | None:
    """What the words of a stage say of how a deal ended: won, lost, open, or nothing."""
    bare = _NUMBERING.sub("", stage.strip()) or stage.strip()
    for name in (stage, bare):
        if end := preset.stages.get(plain_name(name)):
            return end
    tokens = set(re.findall(r"[^\W\d_]+", bare.casefold().replace("'", "").replace("’", "")))
    if tokens & _LOST or {"no", "decision"} <= tokens:
        return None if "won" in tokens else "lost"
    if "won" in tokens:
        return "won"
    if end := end_by_word(bare) if not bare.isdigit() else None:
        return end
    if "closed" in tokens:
        return None
    phrases = [re.findall(r"[^\W\d_]+", word) for word, end in _open_words(preset)]
    return "open" if any(set(words) <= tokens for words in phrases if words) else None


def _open_words(preset: Preset) -> list[tuple[str, str]]:
    return [(word, end) for word, end in preset.stages.items() if end == "open"]


def _by_flags(deals: Holding) -> pd.Series:
    won, closed = _flag(deals, "is_won"), _flag(deals, "is_closed")
    out = pd.Series(None, deals.frame.index, dtype="str")
    if won is not None:
        out = out.mask(won.fillna(False).astype(bool), "won")
    if closed is not None:
        out = out.mask(~closed.fillna(True).astype(bool), "open")
    if won is not None and closed is not None:
        out = out.mask((closed & ~won).fillna(False).astype(bool), "lost")
    return out


def _flag(deals: Holding, name: str) -> pd.Series | None:
    """Yes, no or unknown; None where the column is not exported, or holds something else."""
    from tierkit.inputs.coercion import READERS

    cells = deals.column(name)
    flags = READERS["flag"][0](cells).astype("boolean")
    return None if flags.isna().all() or (flags.isna() & cells.notna()).any() else flags


def _by_words(stage: pd.Series, preset: Preset) -> pd.Series:
    ends = {level: end for level in stage.dropna().unique() if (end := end_of_stage(level, preset))}
    return stage.map(ends).astype("str")


def _by_probability(deals: Holding) -> pd.Series:
    """Of stages whose deals all have 100 (won), 0 (lost), or something between (open)."""
    cells = deals.column("probability")
    chance = read_numbers(cells.str.removesuffix("%"))
    stage = deals.column("stage")
    out = pd.Series(None, stage.index, dtype="str")
    if chance.isna().all():
        return out
    sure = 1.0 if chance.max() <= 1 else 100.0
    low, high = chance.groupby(stage).transform("min"), chance.groupby(stage).transform("max")
    out = out.mask(low == sure, "won").mask(high == 0, "lost")
    return out.mask((low > 0) & (high < sure), "open")
