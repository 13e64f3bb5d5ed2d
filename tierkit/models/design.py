"""The design: what turns feature columns into the numbers of a model, learned on training rows and then left alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.features.leaks import usable_columns

OTHER = "(other)"
RARE = 20
"""Rows below which a level joins `OTHER`: its own effect could not be told from noise."""
MAX_LEVELS = 60
_SKEWED = 1.0

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class DesignColumn:
    """What was learned about one feature.

    Attributes
    ----------
    typical : median of a number, most frequent level of a category; for people, and the value imputed.
    low, high, centre, scale : of a number after `log1p` (where `logged`) and imputation.
    missing_share : share of training rows without a value.
    levels, shares : kept levels of a category and their shares of training rows.
    """

    name: str
    kind: Literal["number", "category"]
    typical: float | str
    missing_share: float
    logged: bool = False
    low: float = 0.0
    high: float = 0.0
    centre: float = 0.0
    scale: float = 1.0
    levels: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()


@dataclass(frozen=True)
class Design:
    """The features of a model in order, and how they are encoded; rows to score need all of them, in any order."""

    columns: tuple[DesignColumn, ...]

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in the order models know."""
        return tuple(c.name for c in self.columns)

    @cached_property
    def numbers(self) -> tuple[DesignColumn, ...]:
        """The numeric features."""
        return tuple(c for c in self.columns if c.kind == "number")

    @cached_property
    def categories(self) -> tuple[DesignColumn, ...]:
        """The categorical features."""
        return tuple(c for c in self.columns if c.kind == "category")

    @cached_property
    def safe_names(self) -> tuple[str, ...]:
        """Names LightGBM neither refuses nor rewrites: letters, digits and `_`, made unique by position."""
        plain = ["".join(ch if ch.isascii() and ch.isalnum() else "_" for ch in name) for name in self.features]
        return tuple(name if plain.count(name) == 1 else f"{name}_{i}" for i, name in enumerate(plain))

    @cached_property
    def owner(self) -> Array:
        """Index into `features` of each column of `matrix`."""
        at = {name: i for i, name in enumerate(self.features)}
        owners = [at[c.name] for c in self.numbers]
        owners += [at[c.name] for c in self.numbers if c.missing_share > 0]
        for c in self.categories:
            owners += [at[c.name]] * _width(c)
        return np.array(owners, dtype=np.int64)

    def check(self, rows: pd.DataFrame) -> None:
        """Raise `TableError` naming the features that `rows` lack."""
        if lacking := [name for name in self.features if name not in rows.columns]:
            raise TableError(
                f"the rows lack {len(lacking)} columns the model was fitted on: {', '.join(lacking[:8])}; "
                "build them with the same settings as the training rows"
            )

    def frame(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows as LightGBM takes them: float64 with NaN, and categories with the levels stored at fit."""
        self.check(rows)
        names = dict(zip((c.name for c in self.columns), self.safe_names, strict=True))
        numbers = [c.name for c in self.numbers]
        frame = pd.DataFrame(_numbers(rows, numbers), index=rows.index, columns=[names[n] for n in numbers])
        texts = {names[c.name]: _category(rows[c.name], c.levels) for c in self.categories}
        return pd.concat([frame, pd.DataFrame(texts, index=rows.index)], axis=1)[list(self.safe_names)]

    def codes(self, rows: pd.DataFrame) -> Array:
        """The same as numbers alone, shape (n, len(features)): of a category the place of its level, NaN if unknown."""
        self.check(rows)
        x = np.empty((len(rows), len(self.columns)))
        x[:, [self._at[c.name] for c in self.numbers]] = _numbers(rows, [c.name for c in self.numbers])
        for c in self.categories:
            codes = level_codes(rows[c.name], c.levels)
            x[:, self._at[c.name]] = np.where(codes < 0, np.nan, codes)
        return x

    def matrix(self, rows: pd.DataFrame) -> Array:
        """Rows as linear models take them, shape (n, len(owner)): every column has mean 0 over the training rows.

        Numbers are imputed, `log1p` where skewed, kept inside the range seen in training and scaled; a flag says where
        the value was unknown. Categories become one column a level, unscaled, so that ridge shrinks rare levels most.
        """
        return self.matrix_of(self.codes(rows))

    def matrix_of(self, codes: Array) -> Array:
        """The same of rows that are `codes` already."""
        blocks = self._number_blocks(codes)
        blocks += [_dummies(codes[:, self._at[c.name]], c) for c in self.categories]
        return np.hstack(blocks) if blocks else np.zeros((len(codes), 0))

    def product(self, codes: Array, coef: Array) -> Array:
        """`matrix_of(codes) @ coef`, shape (n,), without the columns that most categories would fill with zeros.

        A row's sum has the same bits whatever rows stand beside it, which `@` does not promise.
        """
        total, start = np.zeros(len(codes)), 0
        for block in self._number_blocks(codes):
            # Row after row in memory, or the order of the sum would go with their number
            total += np.einsum("ij,j->i", np.ascontiguousarray(block), coef[start : start + block.shape[1]])
            start += block.shape[1]
        for c in self.categories:
            own = coef[start : start + _width(c)]
            start += len(own)
            # Of each level, then of what is unknown: the average row's where training knew all
            of_level = np.append(own - own @ np.array(_shares(c)), [0.0] * (c.missing_share == 0))
            levels = codes[:, self._at[c.name]]
            total += of_level[np.where(np.isnan(levels), len(c.levels), levels).astype(np.intp)]
        return total

    @cached_property
    def _at(self) -> dict[str, int]:
        return {c.name: i for i, c in enumerate(self.columns)}

    def _number_blocks(self, codes: Array) -> list[Array]:
        """The numbers, and the flags of those unknown."""
        if not self.numbers:
            return []
        x = codes[:, [self._at[c.name] for c in self.numbers]]
        unknown = np.isnan(x)
        x = np.where(unknown, np.array([float(c.typical) for c in self.numbers]), x)
        logged = np.array([c.logged for c in self.numbers])
        x[:, logged] = np.log1p(np.maximum(x[:, logged], 0.0))
        x = np.clip(x, [c.low for c in self.numbers], [c.high for c in self.numbers])
        flagged = np.array([c.missing_share > 0 for c in self.numbers])
        return [
            (x - [c.centre for c in self.numbers]) / [c.scale for c in self.numbers],
            unknown[:, flagged] - np.array([c.missing_share for c in self.numbers])[flagged],
        ]

    def by_feature(self, parts: Array) -> Array:
        """Sum columns of `matrix` shape into one column a feature, shape (n, len(features))."""
        if not len(self.columns):
            return np.zeros((len(parts), 0))
        # A product of matrices would sum in an order that depends on how many rows there are.
        order = np.argsort(self.owner, kind="stable")
        starts = np.searchsorted(self.owner[order], np.arange(len(self.columns)))
        return np.asarray(np.add.reduceat(parts[:, order], starts, axis=1))


def learn_design(rows: pd.DataFrame, features: Sequence[str]) -> Design:
    """Learn the encoding of `features` on training rows; those without variation, or of dates, are left out.

    Levels with fewer than 20 rows become one level; nothing here looks at a label.
    """
    present = [name for name in features if name in rows.columns]
    learned = {c.name: c for c in _learn_numbers(rows, [f for f in present if _is_number(rows[f])])}
    for name in present:
        if not _is_number(rows[name]) and not pd.api.types.is_datetime64_any_dtype(rows[name]):
            column = _learn_category(rows[name], name)
            if len(column.levels) + (column.missing_share > 0) > 1:
                learned[name] = column
    return Design(tuple(learned[name] for name in dict.fromkeys(present) if name in learned))


def _learn_numbers(rows: pd.DataFrame, names: list[str]) -> list[DesignColumn]:
    if not names or rows.empty:
        return []
    x = _numbers(rows, names)
    unknown = np.isnan(x)
    columns = []
    for i, name in enumerate(names):
        known = x[~unknown[:, i], i]
        if known.size == 0 or (known.size == len(x) and known.min() == known.max()):
            continue
        typical = float(np.median(known))
        logged = bool(known.min() >= 0 and len(np.unique(known[:200])) > 2 and _skew(known) > _SKEWED)
        values = np.where(unknown[:, i], typical, x[:, i])
        values = np.log1p(values) if logged else values
        centre, scale = float(values.mean()), float(values.std())
        if scale <= 1e-9 * abs(centre):
            # One value, known or not: the difference from its own mean is rounding.
            centre, scale = float(values[0]), 1.0
        columns.append(
            DesignColumn(
                name=name,
                kind="number",
                typical=typical,
                missing_share=float(unknown[:, i].mean()),
                logged=logged,
                low=float(values.min()),
                high=float(values.max()),
                centre=centre,
                scale=scale,
            )
        )
    return columns


def _learn_category(values: pd.Series, name: str) -> DesignColumn:
    text = values.astype("str")
    counts = text.value_counts()
    frequent = counts[counts >= RARE]
    kept = sorted(frequent.index, key=lambda level: (-int(frequent[level]), str(level)))[:MAX_LEVELS]
    levels = sorted(str(level) for level in kept)
    if len(counts) > len(levels):
        levels.append(OTHER)
    codes = level_codes(values, tuple(levels))
    return DesignColumn(
        name=name,
        kind="category",
        typical=str(kept[0]) if kept else OTHER,
        missing_share=float((codes < 0).mean()) if len(codes) else 0.0,
        levels=tuple(levels),
        shares=tuple(float((codes == i).mean()) for i in range(len(levels))),
    )


def _is_number(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values)) and not isinstance(values.dtype, pd.CategoricalDtype)


def _numbers(rows: pd.DataFrame, names: list[str]) -> Array:
    x = rows[names].to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    x[np.isinf(x)] = np.nan
    return x


def level_codes(values: pd.Series, levels: tuple[str, ...]) -> Array:
    """Position of each value in `levels`, -1 where unknown; unseen values join `OTHER` where there is one."""
    text = values.astype("str")
    codes = pd.Index(levels).get_indexer(pd.Index(text)) if levels else np.full(len(text), -1)
    codes = np.asarray(codes, dtype=np.int64)
    if OTHER in levels:
        codes[(codes < 0) & text.notna().to_numpy()] = levels.index(OTHER)
    return codes


def _category(values: pd.Series, levels: tuple[str, ...]) -> Any:
    return pd.Categorical.from_codes(level_codes(values, levels), pd.Index(levels))


def _width(column: DesignColumn) -> int:
    return len(column.levels) + (column.missing_share > 0)


def _shares(column: DesignColumn) -> list[float]:
    """How often each level was seen in training; last that none was known, where that was."""
    return [*column.shares, column.missing_share][: _width(column)]


def _dummies(codes: Array, column: DesignColumn) -> Array:
    codes = np.where(np.isnan(codes), -1, codes)
    shares = _shares(column)
    if column.missing_share > 0:
        codes = np.where(codes < 0, len(column.levels), codes)
    dummies = (codes[:, None] == np.arange(len(shares))) - np.array(shares)
    # A level never seen in training says nothing: it counts as the average row.
    dummies[codes < 0] = 0.0
    return np.asarray(dummies)


def _skew(x: Array) -> float:
    sd = float(x.std())
    return float(((x - x.mean()) ** 3).mean() / sd**3) if sd > 0 else 0.0


def model_features(verdicts: pd.DataFrame, rows: pd.DataFrame, *, also: Sequence[str] = ()) -> list[str]:
    """The columns a model may look at: those the verdicts allow (ok or flagged), and `also`, where `rows` have them."""
    return [name for name in dict.fromkeys([*usable_columns(verdicts), *also]) if name in rows.columns]
