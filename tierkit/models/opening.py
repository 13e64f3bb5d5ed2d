"""P(a deal opens within the horizon): learned where we worked, scored at one and the same effort."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.models.calibration import Calibration, calibrate_in_the_large, expit
from tierkit.models.contest import Contest, Fitter, hold_contest, size_column
from tierkit.models.design import Array, model_features
from tierkit.models.linear import Linear, Ridge, fit_logit
from tierkit.models.settings import ModelSettings
from tierkit.models.splits import Splits, choose_splits, groups_of, label_known
from tierkit.models.training import contribution_frame, horizon_of, training_window
from tierkit.models.trees import Trees, fit_trees

MIN_OPENINGS = 40
SUPPORT = 0.05
STATE = ("has_open_deal", "is_customer")
"""Keys of a row that say whether a new deal is still to come: never features of a win, always of an opening."""
_BETTER = 0.9
_CONTEST_ROWS = 10_000

Model = Linear | Trees


@dataclass(frozen=True, eq=False)
class Opening:
    """A fitted opening propensity.

    Attributes
    ----------
    reference : effort every row is scored at, the median over worked training rows, by own-effort column.
    support : P(an account is worked) from what it is; None where every account was.
    comparison, label : as in `Propensity`, at the reference effort, on worked rows.
    """

    model: Model
    calibration: Calibration
    reference: Mapping[str, float]
    support: Linear | None
    base_rate: float
    n_rows: int
    n_opened: int
    n_accounts: int
    window: tuple[str, str] | None
    horizon_days: float | None
    label: str
    comparison: pd.DataFrame

    @property
    def kind(self) -> Literal["logit", "lightgbm"]:
        """Which of the two was chosen."""
        return "logit" if isinstance(self.model, Linear) else "lightgbm"

    @property
    def features(self) -> tuple[str, ...]:
        """Columns the model looks at."""
        return self.model.features

    def predict(self, rows: pd.DataFrame) -> Array:
        """P(a deal opens within the horizon, were the account worked like a typical one), shape (n,)."""
        return self.calibration.prob(self.model.raw(at_reference(rows, self.reference)))

    def off_support(self, rows: pd.DataFrame) -> Array:
        """Whether accounts like this were hardly ever worked (P(worked) under 0.05), so that nothing was learned."""
        if self.support is None:
            return np.zeros(len(rows), dtype=bool)
        return np.asarray(expit(self.support.raw(rows)) < SUPPORT)

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Log-odds of `predict`, taken apart exactly: one column a feature, and `_base`."""
        parts, base = self.model.contributions(at_reference(rows, self.reference))
        return contribution_frame(rows, self.features, parts, base + self.calibration.shift)


def fit_opening(
    panel: pd.DataFrame,
    verdicts: pd.DataFrame,
    *,
    settings: ModelSettings | None = None,
    seed: int,
    compare: bool = True,
    kind: Literal["logit", "lightgbm"] | None = None,
    ridge: Ridge | None = None,
) -> Opening:
    """Fit P(opened_in_horizon) on the worked rows of an account-month panel.

    Fitted on every row it would learn where reps went: unworked accounts open nothing whatever they are. Own effort
    stays in as a control and is held at its median when scoring. Calibrated so that the chances of the newest mature
    months add up to their openings. LightGBM needs a better log-loss by a 90 % bound clustered by account.
    `compare=False` fits `kind` (default the logit) and no other. `ridge` is the logit's penalty, as an earlier fit
    tuned it; tuned here unless given.

    Raises
    ------
    TableError : fewer than 40 worked rows with, or without, an opening; or no usable feature.
    """
    settings = settings or ModelSettings()
    panel = panel[panel["opened_in_horizon"].notna()].reset_index(drop=True)
    features = model_features(verdicts, panel, also=STATE)
    rows = _with_state(panel[panel["worked"].astype(bool)].reset_index(drop=True))
    y = rows["opened_in_horizon"].to_numpy(np.float64)
    if min(y.sum(), (1 - y).sum()) < MIN_OPENINGS or not features:
        raise TableError(
            f"accounts: {int(y.sum())} of {len(y)} worked account-months saw a deal open, but an opening propensity "
            f"needs {MIN_OPENINGS} that did, {MIN_OPENINGS} that did not and a usable feature"
        )
    reference = _reference(rows, verdicts, features)
    groups = groups_of(rows)
    fitters: dict[str, Fitter] = {
        "logit": lambda r, labels, g: fit_logit(r, labels, features, groups=g, seed=seed).raw,
        "lightgbm": lambda r, labels, g: fit_trees(r, labels, features, objective="binary", groups=g, seed=seed).raw,
    }
    chosen = kind or "logit"
    contest = None
    if compare:
        contest = _compare(rows, y, groups, fitters, reference, settings, seed)
        if kind is None and contest.beats("lightgbm", "logit", confidence=_BETTER):
            chosen = "lightgbm"
    model: Model
    if chosen == "logit":
        model = fit_logit(rows, y, features, groups=groups, seed=seed, ridge=ridge)
    else:
        model = fit_trees(rows, y, features, objective="binary", groups=groups, seed=seed)
    newest = _newest(rows)
    raw = model.raw(at_reference(rows[newest], reference))
    return Opening(
        model=model,
        calibration=calibrate_in_the_large(y[newest], raw),
        reference=reference,
        support=_fit_support(panel, verdicts, features, seed),
        base_rate=float(y.mean()),
        n_rows=len(rows),
        n_opened=int(y.sum()),
        n_accounts=int(rows["account_id"].nunique()),
        window=training_window(rows, "as_of"),
        horizon_days=horizon_of(rows),
        label=contest.label if contest else "not_compared",
        comparison=contest.table(chosen) if contest else pd.DataFrame(),
    )


def enough_openings(panel: pd.DataFrame) -> bool:
    """Whether enough worked account-months saw a deal open, and enough did not."""
    if panel.empty:
        return False
    opened = panel.loc[panel["worked"].astype("bool"), "opened_in_horizon"]
    return bool(min((opened == 1).sum(), (opened == 0).sum()) >= MIN_OPENINGS)


def at_reference(rows: pd.DataFrame, reference: Mapping[str, float]) -> pd.DataFrame:
    """Rows as if every account had been worked like the typical one; state flags as numbers."""
    return _with_state(rows).assign(**{name: value for name, value in reference.items() if name in rows.columns})


def _with_state(rows: pd.DataFrame) -> pd.DataFrame:
    state = {name: rows[name].to_numpy(np.float64, na_value=np.nan) for name in STATE if name in rows.columns}
    return rows.assign(**state)


def _reference(rows: pd.DataFrame, verdicts: pd.DataFrame, features: list[str]) -> dict[str, float]:
    own = set(verdicts.loc[verdicts["own_effort"].astype(bool), "column"])
    return {name: float(rows[name].median()) for name in features if name in own and rows[name].notna().any()}


def _newest(rows: pd.DataFrame) -> Array:
    """Rows of the newest half year of the panel: near enough to be like today, long enough to hold openings."""
    if "as_of" not in rows.columns:
        return np.ones(len(rows), dtype=bool)
    return np.asarray(rows["as_of"] > rows["as_of"].max() - pd.Timedelta(days=182))


def _compare(
    rows: pd.DataFrame,
    y: Array,
    groups: Array,
    fitters: dict[str, Fitter],
    reference: Mapping[str, float],
    settings: ModelSettings,
    seed: int,
) -> Contest:
    """Two origins, of whole accounts up to 10,000 rows: the panel repeats each account every quarter."""
    if len(rows) > _CONTEST_ROWS:
        codes = pd.factorize(groups)[0]
        kept = np.random.default_rng(seed).random(codes.max() + 1)[codes] < _CONTEST_ROWS / len(rows)
        rows, y, groups = rows[kept].reset_index(drop=True), y[kept], groups[kept]
    entrants: dict[str, Fitter] = {}
    if size := size_column(rows, settings.size_column):
        entrants["size_only"] = lambda r, labels, g: (
            fit_logit(r, labels, [size], groups=g, seed=seed, ridge=Ridge(1.0)).raw
        )
    entrants |= fitters
    splits = choose_splits(rows, y > 0, start="as_of", known=label_known(rows, "as_of"), seed=seed, n_origins=3)
    splits = Splits(splits.label, tuple(fold for fold in splits.folds if fold.repeat == 0))

    def scored_at_reference(fit: Fitter) -> Fitter:
        def fitted(r: pd.DataFrame, labels: Array, g: Array) -> Callable[[pd.DataFrame], Array]:
            raw = fit(r, labels, g)
            return lambda test: raw(at_reference(test, reference))

        return fitted

    return hold_contest(rows, y, groups, splits, {k: scored_at_reference(fit) for k, fit in entrants.items()})


def _fit_support(panel: pd.DataFrame, verdicts: pd.DataFrame, features: list[str], seed: int) -> Linear | None:
    """P(worked) from firmographic and technographic features, on the newest row of each account."""
    worked = panel["worked"].astype(bool)
    what_it_is = verdicts.loc[verdicts["group"].isin(("firmographic", "technographic")), "column"]
    columns = [name for name in features if name in set(what_it_is)]
    if worked.all() or not worked.any() or not columns:
        return None
    by = ["as_of", "account_id"] if "as_of" in panel.columns else ["account_id"]
    newest = panel.sort_values(by, kind="stable").drop_duplicates("account_id", keep="last").reset_index(drop=True)
    y = newest["worked"].to_numpy(np.float64)
    return fit_logit(newest, y, columns, groups=groups_of(newest), seed=seed)
