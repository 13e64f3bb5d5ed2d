"""The first paragraph after the results of each notebook: what they answer, in words made from the figures."""

from collections.abc import Iterable

import pandas as pd

from tierkit.features.readiness import Readiness
from tierkit.models.acv import Acv
from tierkit.models.opening import Opening
from tierkit.models.propensity import Propensity
from tierkit.reporting import words
from tierkit.reporting.fragments import Fragment, paragraph
from tierkit.reporting.reasons import first_reasons
from tierkit.reporting.sections.lift import lead_lift


def answer_data(readiness: Readiness, verdicts: pd.DataFrame) -> Fragment:
    """Whether there is enough to learn from, and how many columns may be looked at."""
    counts = verdicts["verdict"].value_counts()
    parts = [f"{words.count(n)} {str(v).replace('_', ' ')}" for v, n in counts.items()]
    enough = {
        "full": "There is enough to learn from",
        "indicative": "There is enough for a simple model, whose figures are indicative",
        "scorecard": "There is too little to learn from, and tiers come from the fit scorecard",
    }[readiness.level]
    return _say(
        f"{enough}. {readiness.sentences[0]}",
        *readiness.sentences[1:],
        f"Of {words.things(len(verdicts), 'column')}: {words.listing(parts)}.",
    )


def answer_propensity(win: Propensity | None, opening: Opening | None) -> Fragment:
    """Which win model is used, how it was tested and what it was tested against."""
    if win is None:
        return _say("No win model is trained: there are too few won or lost accounts.")
    by = win.comparison.set_index("method")
    chosen = by.loc[win.kind]
    how = "out of time" if win.label == "out_of_time" else "in cross-validation"
    skill = "beats" if win.skill else "does not beat"
    size = by["auc"].get("size_only")
    beside = "size is unknown" if words.is_missing(size) else f"size alone gives {size:.2f}"
    says = [
        f"Who wins: the {words.METHODS.get(win.kind, win.kind)} {skill} the base rate {how}: AUC "
        f"{chosen['auc']:.2f} ({chosen['auc_low']:.2f} to {chosen['auc_high']:.2f}) on {words.count(chosen['n'])} "
        f"deals with {words.count(chosen['n_won'])} wins; {beside}; the base rate is {words.percent(win.base_rate)}."
    ]
    if not win.skill:
        says.append("It is not used: tiers come from the fit scorecard.")
    if opening is None:
        says.append("Opening is not modelled: that takes accounts and dates.")
    else:
        says += _say_opening(opening)
    return _say(*says, *win.notes)


def _say_opening(opening: Opening) -> list[str]:
    """Which model of opening is used, and its test; nothing where it was not compared."""
    if opening.comparison.empty:
        return []
    row = opening.comparison.set_index("method", drop=False).loc[opening.kind]
    name = words.METHODS.get(str(row["method"]), str(row["method"]))
    new = "" if words.is_missing(row["auc_new"]) else f"; {row['auc_new']:.2f} among accounts it had not met"
    return [
        f"Whether a deal opens: the {name}, AUC {row['auc']:.2f} ({row['auc_low']:.2f} to {row['auc_high']:.2f}) on "
        f"{words.count(row['n'])} later rows of accounts with {words.count(row['n_won'])} openings{new}."
    ]


def answer_acv(acv: Acv | None, currency: str) -> Fragment:
    """Which model of contract value is used, its bias and how often its interval holds."""
    if acv is None:
        return _say("No won deal carries its contract value, so accounts are ranked by the chance to win alone.")
    chosen = acv.comparison[acv.comparison["chosen"]]
    bias = "" if chosen.empty else f", its total {_off(chosen['total_bias'].iloc[0])} on deals it had not seen"
    name = words.METHODS.get(acv.kind, acv.kind.replace("_", " "))
    return _say(
        f"The {name} is used, fitted on {words.things(acv.n_won, 'won deal')}{bias}. "
        f"{say_interval(acv)} No forecast exceeds {words.money(acv.cap, currency)}.",
        *acv.notes,
    )


def _off(bias: float) -> str:
    """How far a total was from what came.

    >>> _off(0.061), _off(-0.2)
    ('6.1 % too high', '20 % too low')
    """
    return f"{words.percent(abs(bias))} too {'high' if bias > 0 else 'low'}"


def say_interval(acv: Acv) -> str:
    """How often the interval of the contract value held (interval coverage)."""
    return (
        f"The {words.percent(acv.interval_level)} interval of the contract value held "
        f"{words.percent(acv.interval_coverage)} of {words.things(acv.interval_n, 'won deal')} the model had not seen."
    )


def say_sensitivity(sensitivity: pd.DataFrame) -> tuple[str, ...]:
    """How many Tier 1 accounts hang on the uplift that the sheet assumes.

    Parameters
    ----------
    sensitivity : `uplift_sensitivity`; columns uplift_of, factor, n_tier1, tier1_changed.
    """
    rows = sensitivity[sensitivity["factor"].isin((0.5, 2.0))]
    if rows.empty or not rows["n_tier1"].max():
        return ()
    worst = rows.groupby("factor")["tier1_changed"].max()
    if not worst.any():
        return ("At half or at double the uplift assumed, no Tier 1 place by value would change hands.",)
    n = words.things(int(rows["n_tier1"].max()), "Tier 1 place")
    return (
        f"At half the uplift assumed {words.count(worst.get(0.5, 0))}, at double {words.count(worst.get(2.0, 0))} of "
        f"{n} by value would change hands.",
    )


def answer_reasons(reasons: pd.DataFrame) -> Fragment:
    """What most often stands first among the reasons."""
    if reasons.empty:
        return _say("There is nothing to explain: no model is used, or nobody is open to be scored.")
    n_accounts, told = int(reasons["account_id"].nunique()), first_reasons(reasons)
    if told.empty:
        return _say(f"Nothing sets any of the {words.things(n_accounts, 'account')} apart from the typical one.")
    first = told["group"].astype("str").replace("effort", "own effort").value_counts(normalize=True)
    parts = [f"{group} for {words.percent(share)}" for group, share in first.head(3).items()]
    told_of = words.things(len(told), "account")
    left = n_accounts - len(told)
    rest = f" {words.things(left, 'account')} {'has' if left == 1 else 'have'} none." if left else ""
    return _say(f"The strongest reason is {words.listing(parts)} of the {told_of}.{rest}")


def answer_tiers(tiers: pd.DataFrame, capacity: pd.DataFrame, changes: pd.DataFrame | None) -> Fragment:
    """How many accounts each tier holds, the places left, and how many moved."""
    if tiers.empty:
        return _say("Nobody passes the gates, so nobody is tiered; the counts above say why.")
    sizes = tiers["tier"].value_counts().sort_index()
    held = words.listing([f"{words.count(n)} in {words.tier_name(t)}" for t, n in sizes.items()])
    free = int((capacity["slots"] - capacity["used"]).clip(lower=0).sum())
    moved = (
        "There is no earlier month to compare with."
        if changes is None
        else f"{words.things(len(changes), 'account')} moved."
    )
    return _say(f"{held}; {words.things(free, 'place')} stand free. {moved}")


def answer_lift(lift: pd.DataFrame | None) -> Fragment:
    """The lift that may be claimed, or that there is none yet."""
    best = lead_lift(lift)
    if best is None:
        return _say("Nothing can be claimed yet: no outcome is old enough to count.")
    verdict = "The tiers are told apart." if best.told_apart else "The tiers cannot be told apart yet."
    return _say(verdict, best.sentence, best.caution)


def tell(sentences: Iterable[str]) -> Fragment:
    """Sentences, a paragraph each."""
    return Fragment("".join(paragraph(s) for s in sentences if s))


def _say(*sentences: str) -> Fragment:
    return Fragment(paragraph(" ".join(s for s in sentences if s), "answer"))
