"""Models refitted on resampled accounts: all refits side by side, beside a loop over scikit-learn.

Run `python -m tests.benchmarks --only proof`. Every refit starts from the model fitted on all rows, in both.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from tests.benchmarks.ratios import Ratio, Row, take_turns
from tierkit.models.linear import Ridge, fit_logit, prior_variances
from tierkit.models.resampled import refit_linear

CLOSE = 0.01
"""Largest difference of a coefficient, in standard deviations of that coefficient over the refits."""


def rows(*, n_deals: int = 20_000, n_features: int = 40, refits: int = 100, turns: int = 3) -> Iterator[Row]:
    """Ours against `LogisticRegression`, on the same design and the same draws of accounts."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n_deals, n_features))
    y = (rng.random(n_deals) < 1 / (1 + np.exp(1 - x @ rng.normal(0, 0.15, n_features)))).astype(np.float64)
    account = rng.integers(0, n_deals // 2, n_deals)
    drawn = [np.bincount(rng.integers(0, n_deals // 2, n_deals // 2), minlength=n_deals // 2) for _ in range(refits)]
    counts = np.column_stack(drawn)[account].astype(np.float64)
    features = [f"feature_{k}" for k in range(n_features)]
    deals, ridge = pd.DataFrame(x, columns=features), Ridge(0.03, 0.1)
    model = fit_logit(deals, y, features, groups=account, seed=1, ridge=ridge)

    def ours() -> np.ndarray:
        return refit_linear(model, deals, y, counts, gamma=False).coef

    def theirs() -> np.ndarray:
        matrix = model.design.matrix(deals)
        # One penalty for all is what scikit-learn offers; on scaled columns it is one for each
        scale = np.sqrt(prior_variances(matrix, y, ridge))
        scaled, found = matrix * scale, []
        for column in counts.T:
            one = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-4, warm_start=True)
            one.coef_, one.intercept_ = np.array([model.coef]) / scale, np.array([model.intercept])
            one.fit(scaled, y, sample_weight=column)
            found.append(np.r_[one.intercept_, one.coef_[0] * scale])
        return np.column_stack(found)

    took = take_turns(ours, theirs, turns=turns)
    apart = np.abs(took.our_answer - took.their_answer).max(axis=1) / took.their_answer.std(axis=1)
    yield Ratio(
        "Refits of a logit on resampled accounts",
        f"{refits} refits of {n_deals:,} deals x {n_features} features",
        "LogisticRegression(newton-cholesky, warm_start)",
        "scikit-learn",
        took.ours,
        took.theirs,
        bool((apart <= CLOSE).all()),
        f"every coefficient within {CLOSE} of its standard deviation",
    )
