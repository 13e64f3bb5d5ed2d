"""What managers said of the weekly samples, beside how far they agree among themselves."""

from collections.abc import Sequence

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.fragments import Field, Fragment, folded, paragraph, section, table, unavailable

_WRONG = (
    Field("name", "Account", lead=True),
    Field("tier", "Tier", "tier"),
    Field("verdict", "Verdict"),
    Field("reason", "Reason"),
    Field("next_step", "Next step"),
    Field("reviewer", "Said by"),
    Field("week", "Week"),
)
_COUNTS = (
    Field("group", "Of", lead=True),
    Field("n", "Answers", "count"),
    Field("n_agree", "Agree", "count"),
    Field("n_too_high", "Too high", "count"),
    Field("n_too_low", "Too low", "count"),
    Field("n_wrong_data", "Wrong data", "count"),
)
SHOWN = 12
"""Answers that found something wrong on the page itself; the rest is folded."""


def show_review(
    model: pd.DataFrame | None,
    wrong: pd.DataFrame | None = None,
    *,
    says: Sequence[str] = (),
    judgement: Sequence[str] = (),
    because: str = "",
) -> Fragment:
    """What managers found in the samples they judged.

    Parameters
    ----------
    model : as `model_agreement` returns it; None or empty where nobody judged.
    wrong : as `found_wrong` returns it.
    says : as `say_agreement` returns it. judgement : how overrides fared, as `say_judgement` returns it.
    """
    if model is None or model.empty:
        if says:
            return section("review", *(paragraph(s) for s in says))
        return unavailable("review", because or "nobody has recorded a review", label="What managers found")
    parts = [paragraph(s) for s in (*says, *judgement)]
    if wrong is None or wrong.empty:
        parts.append(paragraph("Nothing was found wrong."))
    else:
        ids = wrong["account_id"]
        shown = wrong.assign(name=wrong["name"].where(wrong["name"].fillna("").str.strip() != "", ids))
        parts.append(table(shown.head(SHOWN), _WRONG, caption="One row per answer that found something wrong"))
        if len(shown) > SHOWN:
            rest = table(shown.iloc[SHOWN:], _WRONG, caption="One row per earlier answer that found something wrong")
            parts.append(folded(f"{words.things(len(shown) - SHOWN, 'earlier answer')}", rest))
    kinds = model[model["by"].isin(("tier", "stratum"))]
    # An account is in a kind of its own only where it is not drawn for its tier alone.
    kinds = kinds[(kinds["by"] == "tier") | ~kinds["group"].str.startswith("Tier ")]
    counted = table(kinds, _COUNTS, caption="Answers by tier, and by what an account was drawn for")
    parts.append(folded("Answers by tier and by kind of account", counted, prints=False))
    return section("review", *parts)
