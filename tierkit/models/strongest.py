"""The strongest reasons of each row: a few families of features, kept without the whole matrix of contributions."""

from typing import NamedTuple

import numpy as np

from tierkit.models.design import Array, Design


class Strongest(NamedTuple):
    """The k families that say most of each row.

    Attributes
    ----------
    family : (n, k) int32, by size of the family's summed contribution, largest first; of equals the lower family
        number; -1 where there are fewer than k families.
    contribution : (n, k) float64, summed over the family; 0 where there is none.
    member : (n, k) int32, the column that says most of it along its sign, by a value that is not just the typical one;
        -1 where there is no family.
    usual : (n, k) bool, whether there is no such column; `member` then says most of it by any value.
    total : (n,) float64, the sum over all families. held : (n,) float64, the sum over columns of no family.
    """

    family: Array
    contribution: Array
    member: Array
    usual: Array
    total: Array
    held: Array


class Families(NamedTuple):
    """Which columns tell one story, and what tells nobody apart, as the loops take it.

    Attributes
    ----------
    starts : (families + 1,), where each family begins in `columns`, which are in order of number.
    held : columns of no family. typical, unknown_is_typical : of each column.
    """

    starts: Array
    columns: Array
    held: Array
    typical: Array
    unknown_is_typical: Array


def strongest_of(
    contributions: Array, x: Array, k: int, *, family_of: Array, typical: Array, unknown_is_typical: Array
) -> Strongest:
    """The k strongest families of each row, given its contributions (n, columns) to a model of `x` (the same shape).

    Parameters
    ----------
    family_of : number of each column's family, from 0; below 0 where it tells nobody apart.
    typical : of each column the value most rows share, NaN where there is none. unknown_is_typical : whether a missing
        value is taken for it.
    """
    from tierkit.models.strongest_loops import keep_strongest_rows

    families = group_columns(family_of, typical, unknown_is_typical)
    kept = nothing_kept(len(x), k)
    keep_strongest_rows(np.asarray(contributions, np.float64), np.asarray(x, np.float64), tuple(families), tuple(kept))
    return kept


def group_columns(family_of: Array, typical: Array, unknown_is_typical: Array) -> Families:
    """Families by the number of each column's."""
    family_of = np.asarray(family_of, dtype=np.int64)
    order = np.argsort(family_of, kind="stable")
    n_held = int((family_of < 0).sum())
    sizes = np.bincount(family_of[family_of >= 0])
    return Families(
        starts=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        columns=order[n_held:],
        held=order[:n_held],
        typical=np.asarray(typical, dtype=np.float64),
        unknown_is_typical=np.asarray(unknown_is_typical, dtype=np.bool_),
    )


def nothing_kept(n: int, k: int) -> Strongest:
    """Room for the k strongest of n rows."""
    return Strongest(
        family=np.full((n, k), -1, dtype=np.int32),
        contribution=np.zeros((n, k)),
        member=np.full((n, k), -1, dtype=np.int32),
        usual=np.ones((n, k), dtype=np.bool_),
        total=np.zeros(n),
        held=np.zeros(n),
    )


def typical_values(design: Design) -> tuple[Array, Array]:
    """Of each feature the typical number (NaN of a category), and whether an unknown one is taken for it."""
    typical = [float(c.typical) if c.kind == "number" else np.nan for c in design.columns]
    return np.array(typical), np.array([c.kind == "number" and c.missing_share == 0 for c in design.columns])
