"""Whether a reason keeps its sign when the models are refitted on resampled accounts."""

import numpy as np
import pandas as pd

from tierkit.models.bootstrap import RefittedModels
from tierkit.models.design import Array
from tierkit.models.reason_parts import Fitted, Part, fitted_model, seen_rows
from tierkit.models.resampled import LinearRefits
from tierkit.models.trees import Trees

MOST_REFITS = 20
"""Refits a sign is judged by, the first of those there are; of trees half as many."""
MOST_TREE_ROWS = 500
"""Rows whose contributions are taken anew under refitted trees: they cost half a millisecond each and refit."""


def refits_to_judge(*models: Fitted | None) -> int:
    """Refits that signs are judged by: fewer where trees have to be grown."""
    grown = any(model is not None and isinstance(fitted_model(model), Trees) for model in models)
    return MOST_REFITS // 2 if grown else MOST_REFITS


def sign_shares(rows: pd.DataFrame, part: Part, refitted: RefittedModels | None, first: Array) -> Array:
    """Share of refits in which the contribution of each family has the sign it has, shape (rows, families).

    Parameters
    ----------
    first : rank of each row, 0 for the row that matters most; of trees only the 500 first are refitted.

    Missing where no refit says so.
    """
    shares = np.full(part.sums.shape, np.nan)
    models = None if refitted is None else getattr(refitted, part.name)
    if models is None or not len(rows):
        return shares
    if isinstance(models, LinearRefits):
        return _linear_shares(seen_rows(rows, part.model), part, models)
    models = models[: MOST_REFITS // 2] if isinstance(fitted_model(part.model), Trees) else models[:MOST_REFITS]
    at = np.flatnonzero(first < MOST_TREE_ROWS) if isinstance(fitted_model(part.model), Trees) else np.arange(len(rows))
    some, features = seen_rows(rows.iloc[at], part.model), list(part.model.features)
    onto = np.zeros((len(features), len(part.families)))
    for i, columns in enumerate(part.families):
        onto[[features.index(c) for c in columns], i] = 1.0
    agreed = np.zeros((len(at), len(part.families)))
    for model in models:
        agreed += np.sign(model.contributions(some)[0] @ onto) == np.sign(part.sums[at])
    shares[at] = agreed / len(models)
    return shares


def _linear_shares(rows: pd.DataFrame, part: Part, refits: LinearRefits) -> Array:
    """All refits of a family side by side: a matrix product each."""
    x, coef = refits.design.matrix(rows), refits.coef[1:, :MOST_REFITS]
    names = np.array(refits.design.features, dtype=object)[refits.design.owner]
    shares = np.full(part.sums.shape, np.nan)
    for i, columns in enumerate(part.families):
        at = np.flatnonzero(np.isin(names, columns))
        again = x[:, at] @ coef[at]
        shares[:, i] = (np.sign(again) == np.sign(part.sums[:, i])[:, None]).mean(axis=1)
    return shares
