"""What may be claimed of a month and what speaks against it, as sentences for its notebooks and its page."""

from tierkit.errors import SheetError
from tierkit.proof.calibration import calibration_by_tier, calibration_summary, say_calibration
from tierkit.proof.decidable import judged_from, say_decidable
from tierkit.proof.drift_table import say_drift
from tierkit.proof.effect import NAMES, say_effect
from tierkit.proof.forecasts import say_forecasts, score_forecasts
from tierkit.proof.holdout import say_plan
from tierkit.proof.ledger_chain import say_chain
from tierkit.proof.promises import promise_record, rewritten_outcomes, say_promises
from tierkit.proof.recalibration import propose_update, say_update
from tierkit.proof.scorecard import say_scorecard, scorecard_lift
from tierkit.reporting.earlier import earlier_bookings, earlier_ledgers
from tierkit.reporting.runs import Run
from tierkit.reporting.sections.lift import lead_lift


def known_from(run: Run) -> str | None:
    """The month from which Tier 1 alone can be judged, in words; None where it can be now, or nobody knows."""
    best = lead_lift(run.lift)
    if best is None or run.decidable is None:
        return None
    return judged_from(run.decidable, kind=best.kind, unit=best.unit)


def say_when(run: Run) -> tuple[str, ...]:
    """What the tiers rest on, what could be seen now, and from when on more can be said."""
    best = lead_lift(run.lift)
    if best is None or run.decidable is None:
        return ("Nothing is replayed, so nobody can say when the tiers can be judged.",)
    return say_decidable(run.decidable, kind=best.kind, unit=best.unit)


def say_effects(run: Run) -> tuple[str, ...]:
    """What working by tiers changed, and the test that would settle it."""
    unknown = ("Since when people work by tiers is not stated ([proof] tiers_acted_on_since): nothing is compared.",)
    said = [*(unknown if run.effect is None else say_effect(run.effect))]
    try:
        said += say_effect(run.at_cut) if run.at_cut is not None else ()
    except SheetError as missing:
        said.append(f"{NAMES['discontinuity']}: {missing}.")
    if run.holdout is not None:
        said += say_plan(run.holdout)
        if run.holdout.verdict != "refused" and run.holdout.n_pairs:
            said.append(
                "holdout.csv names the accounts: enter tier_in_test as overrides for the round, and give the file back "
                "as [data.holdout] with the day it started."
            )
    return tuple(said)


def say_chances(run: Run) -> tuple[str, ...]:
    """Whether the chances to win can be read as chances, overall, by tier and on the newest deals."""
    if run.win is None or run.win.predictions.empty:
        return ("There is no win model whose chances could be judged.",)
    by_tier = None
    best = lead_lift(run.lift)
    if run.replay is not None and len(run.replay) and best is not None:
        table = calibration_by_tier(run.replay)
        by_tier = table[table["kind"] == best.kind]
    summary = calibration_summary(run.win.predictions, confidence=run.sheet.proof.confidence)
    return (*say_calibration(summary, by_tier), *say_update(propose_update(run.win)))


def say_moved(run: Run) -> tuple[str, ...]:
    """What has moved since the models learned."""
    if run.drift is None:
        return ("Without accounts and models there is nothing whose drift could be told.",)
    return say_drift(run.drift, since="the newest month the models learned from")


def say_record(run: Run) -> tuple[str, ...]:
    """What earlier months promised and what came of it, the bad ones too; and whether anybody touched them."""
    rewritten = rewritten_outcomes(run.promises, earlier_ledgers(run.reports, run.month))
    said = [*say_promises(promise_record(run.promises), rewritten), *say_chain(run.chain)]
    forecasts = earlier_bookings(run.reports, run.month)
    if forecasts is not None:
        scored = score_forecasts(forecasts, run.tables, as_of=run.as_of)
        said += say_forecasts(scored, currency=run.tables.currency)
    return tuple(said)


def say_card(run: Run) -> tuple[str, ...]:
    """What a card of points would give up against the models, by their figures and by what came."""
    if run.card_worth is None:
        return ("No model is used, so there is none to distil: the fit scorecard is what tiers go by.",)
    later = scorecard_lift(run.replay) if run.replay is not None and len(run.replay) else None
    return say_scorecard(run.card_worth, later)


def say_doubts(run: Run) -> tuple[str, ...]:
    """What a sceptic asks first, a sentence each: the effect, the test, the chances, the record, the model's skill."""
    if run.win_in_use is None:
        return ()
    said = [say_effects(run)[0] if run.effect is not None else "", say_chances(run)[0], say_record(run)[0]]
    if run.holdout is not None:
        said.insert(1, say_plan(run.holdout)[0])
    if run.card_worth is not None:
        said += [text for text in say_scorecard(run.card_worth) if "line" in text or "under 5 %" in text][:2]
    if run.doubts is not None:
        said += run.doubts.loc[~run.doubts["passed"].astype("bool"), "sentence"].tolist()
    warned = run.audit[(run.audit["severity"] == "warn") & ~run.audit["passed"].astype("bool")]
    said += [f"Warned by the self-audit: {text}" for text in warned["sentence"]]
    return tuple(s for s in said if s)
