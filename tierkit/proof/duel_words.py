"""What a duel found, as sentences: the verdict first, then what speaks against believing it."""

import math

import pandas as pd

from tierkit.proof.duel import Duel, Judgement

VERDICTS = {
    "real": "real",
    "no_more_than_size": "no more than company size",
    "chance": "no better than chance",
    "too_good": "too good to be true: it knows the outcome",
    "not_cleared": "not cleared",
    "too_early": "too early to say",
    "wrong_way": "the wrong way round",
}
"""What a verdict is called."""

COLUMNS = [
    "contestant",
    "verdict",
    "unit",
    "n",
    "n_won",
    "tiers",
    "top_rate",
    "base_rate",
    "difference",
    "low",
    "high",
    "auc",
    "auc_low",
    "auc_high",
    "in_order_prob",
]


def name_verdict(judged: Judgement) -> str:
    """The verdict in words; of undated ratings that look real, what it hangs on."""
    if judged.verdict == "real" and not judged.dated:
        return "real, if it was set before the deals opened"
    return VERDICTS[judged.verdict]


def say_duel(duel: Duel) -> tuple[str, ...]:
    """For each column its verdict and what it rests on; then the score against the tiers."""
    said: list[str] = []
    for judged in duel.judgements:
        said += [say_verdict(judged), *say_cautions(judged)]
    if line := say_hindsight(duel):
        said.append(line)
    if line := say_against(duel):
        said.append(line)
    return tuple(said)


def say_verdict(judged: Judgement) -> str:
    """The verdict and the figure it rests on, in one paragraph."""
    return f"{judged.column}: {name_verdict(judged)}. {_grounds(judged)}"


def say_cautions(judged: Judgement) -> tuple[str, ...]:
    """What speaks against believing the figures of a column; empty where nothing does."""
    said = []
    fade = judged.fade
    if fade is not None and _fades(judged) and judged.verdict not in ("too_good", "not_cleared"):
        said.append(
            f"Among the older half of the deals its difference is {_points(fade.difference)} points larger "
            "than among the newer half, more than chance gives: so does a column that is corrected once the end is "
            "known."
        )
    if judged.verdict == "real" and judged.auc >= 0.80:
        said.append(f"An AUC of {judged.auc:.2f} is high for B2B, where 0.65 to 0.80 is usual: ask how it is made.")
    if judged.n_late:
        said.append(
            f"{_things(judged.n_late, 'deal')} had it set on the day they opened or later"
            f"{f', {judged.n_after_close:,} of them after their close' if judged.n_after_close else ''}: they enter no "
            "rate."
        )
    if judged.headline is not None and judged.headline.caution and judged.verdict != "too_early":
        said.append(judged.headline.caution)
    return tuple(said)


def say_hindsight(duel: Duel) -> str:
    """That undated ratings which look real cannot be cleared of hindsight; empty where none do."""
    names = [j.column for j in duel.judgements if not j.dated and j.verdict in ("real", "no_more_than_size")]
    if not names:
        return ""
    were = "was set, so it stands" if len(names) == 1 else "were set, so they stand"
    return (
        f"No date says when {' and '.join(names)} {were} as of today, and a tier raised after a win would look just as "
        "good: the day of each (--known-at COLUMN), or a dated table (--sheet), can clear this."
    )


def say_against(duel: Duel) -> str:
    """The score against the tiers on the same rows, or nothing where there is only one of them."""
    gain = duel.against
    if gain is None or any(j.verdict in ("too_good", "not_cleared") for j in duel.judgements):
        return ""
    tiers, score = duel.judgements
    start = f"{score.column} against {tiers.column}, with the same places:"
    span = f"{_points(gain.difference)} points ({_points(gain.low)} to {_points(gain.high)})"
    if gain.low > 0:
        return f"{start} {score.column} is the better ranking, its difference larger by {span}."
    if gain.high < 0:
        span = f"{_points(-gain.difference)} points ({_points(-gain.high)} to {_points(-gain.low)})"
        return f"{start} {tiers.column} is the better ranking, its difference larger by {span}."
    return f"{start} not told apart, {span} between their differences."


def duel_table(duel: Duel) -> pd.DataFrame:
    """Every contestant on one line, company size and a random order beside them.

    Returns
    -------
    contestant, verdict (words; empty of the baselines), unit, n and n_won (mature rows of the two tiers compared),
    tiers ("1 vs 3"), top_rate, base_rate, difference with low and high, auc with its interval, in_order_prob. A random
    order has no difference on average, and low and high are what chance alone gives at 95 %.
    """
    rows = []
    for judged in duel.judgements:
        best = judged.headline
        row = {"contestant": judged.column, "verdict": name_verdict(judged)}
        scores = {c: getattr(judged, c) for c in ("auc", "auc_low", "auc_high", "in_order_prob")}
        rows.append(row | scores | (_line(judged, "tierkit") if best else {}))
    led = next((j for j in duel.judgements if j.headline is not None), None)
    if led is not None and led.headline is not None:
        if (led.lift["method"] == "size_only").any():
            rows.append({"contestant": f"company size ({duel.size_name})", "verdict": ""} | _line(led, "size_only"))
        common = {k: v for k, v in _line(led, "tierkit").items() if k in ("unit", "n", "tiers")}
        stray = {"difference": 0.0, "low": -led.by_chance, "high": led.by_chance}
        random = {"contestant": "random order", "verdict": ""} | stray
        rows.append(random | common)
    return pd.DataFrame(rows, columns=COLUMNS)


def _fades(judged: Judgement) -> bool:
    """Whether older deals show more lift, surely and by a quarter of it: a market shifts a little too."""
    if judged.fade is None or judged.headline is None:
        return False
    return judged.fade.low > 0 and judged.fade.difference > 0.25 * abs(judged.headline.difference)


def _line(judged: Judgement, method: str) -> dict[str, object]:
    best = judged.headline
    assert best is not None
    part = judged.lift[(judged.lift["method"] == method) & (judged.lift["unit"] == best.unit)]
    contrast = f"{best.top} vs {best.base}"
    rates = part[part["measure"] == "rate"].set_index("tier")["rate"]
    lift = part[(part["measure"] == "difference") & (part["tier"] == contrast)]
    if lift.empty:
        return {}
    row = lift.iloc[0]
    return {
        "unit": best.unit,
        "n": int(row["n"]),
        "n_won": int(row["n_won"]),
        "tiers": contrast,
        "top_rate": float(rates.get(best.top, math.nan)),
        "base_rate": float(rates.get(best.base, math.nan)),
        "difference": float(row["rate"]),
        "low": float(row["low"]),
        "high": float(row["high"]),
    }


def _grounds(judged: Judgement) -> str:
    best = judged.headline
    if judged.verdict == "too_good":
        return _why_too_good(judged)
    if judged.verdict == "not_cleared":
        return (
            f"{judged.screen['reason'][0].upper()}{judged.screen['reason'][1:]}, so what it shows is no evidence. "
            "Days on which it was set can clear it (--known-at COLUMN, or a dated table with --sheet)."
        )
    if best is None:
        return "No outcome in two of its tiers is old enough to count."
    span = (
        f"The difference is {_points(best.difference)} points "
        f"({_points(best.difference_low)} to {_points(best.difference_high)})"
    )
    match judged.verdict:
        case "real":
            return f"{best.sentence} {span}.{_beside_size(judged)}"
        case "no_more_than_size":
            return f"{best.sentence} {span}.{_beside_size(judged)}"
        case "chance":
            trend = (
                f" Over all its tiers together the rates do fall (p = {judged.trend_p:.3f})."
                if judged.trend_p < 0.05
                else ""
            )
            return f"{best.sentence} {span}; so many {best.unit}s would have shown {_least(judged)}.{trend}"
        case "wrong_way":
            return (
                f"{best.sentence.replace(', which chance alone could give', '')} {span}: its best wins less than its "
                f"last. {_turned(judged)}"
            )
        case _:
            top = "The best tier has" if "+" not in best.top else "The two best tiers have"
            return (
                f"{top} {_things(best.n_won_top, 'win')} in {best.n_top:,} mature {best.unit}s, and ten are needed. "
                f"{span}; so many {best.unit}s would show {_least(judged)}."
            )


def _why_too_good(judged: Judgement) -> str:
    reason = str(judged.screen["reason"])
    figure = f"Within the months its AUC is {judged.auc:.2f} ({judged.auc_low:.2f} to {judged.auc_high:.2f})"
    usual = "while honest B2B rankings reach 0.65 to 0.80"
    if judged.screen["rule"] in ("missing", "one_outcome"):
        return f"{reason[0].upper()}{reason[1:]}: ask on which day it is filled in. Its difference is no evidence."
    on = "" if not judged.dated else " Its days say it was set before the opening: ask whether they were written later."
    return f"{figure}, {usual}: ask on which day it is written. Its difference is no evidence.{on}"


def _beside_size(judged: Judgement) -> str:
    gain = judged.size_gain
    if gain is None:
        return " Company size is not known here, so nothing says whether size alone would do as well."
    if judged.verdict == "no_more_than_size":
        return " Ranking by company size would have done as well, without it."
    if gain.low > 0:
        return f" That is {_points(gain.difference)} points more than company size alone gives."
    return " It does better than company size alone, yet chance could give as much."


def _turned(judged: Judgement) -> str:
    if judged.role == "score":
        return "If its lowest value is the best, turn its sign."
    return f'If {judged.labels[-1]!r} is the best, say so: --order "{",".join(reversed(judged.labels))}".'


def _least(judged: Judgement) -> str:
    if not math.isfinite(judged.least_lift):
        return "no difference at all"
    return f"one of {_points(judged.least_lift)} points or more"


def _points(difference: float) -> str:
    return f"{100 * difference:.1f}"


def _things(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
