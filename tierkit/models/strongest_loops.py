"""The loops of `strongest`, compiled: they look at a block of rows, feature by feature, while it is in the cache."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., Any])

BLOCK = 512


def jit(loop: Loop) -> Loop:
    """Compiled as it stands: sums in the order written, so that the same rows give the same bits."""
    compiled: Any = njit(cache=True, nogil=True, error_model="numpy")(loop)
    return cast(Loop, compiled)


@jit
def turn(x: Any, first: int, n: int, turned: Any) -> None:
    """Rows `first` to `first + n` of `x`, a feature a row."""
    for i in range(n):
        for f in range(x.shape[1]):
            turned[f, i] = x[first + i, f]


@jit
def keep_strongest(sums: Any, values: Any, first: int, n: int, families: Any, kept: Any) -> None:
    """Keep the strongest families of `n` rows from `first` on; `sums` and `values` are (columns, rows of the block)."""
    starts, columns, held, typical, unknown_is_typical = families
    family, contribution, member, usual, total, aside = kept
    k = family.shape[1]
    whole = np.zeros((len(starts) - 1, n))
    for column in held:
        for i in range(n):
            aside[first + i] += sums[column, i]
    for g in range(len(starts) - 1):
        for at in range(starts[g], starts[g + 1]):
            for i in range(n):
                whole[g, i] += sums[columns[at], i]
        for i in range(n):
            total[first + i] += whole[g, i]
    for i in range(n):
        row = first + i
        filled = 0
        for g in range(len(starts) - 1):
            # A number no column bears is no family.
            if starts[g] == starts[g + 1]:
                continue
            size = abs(whole[g, i])
            if filled == k and (k == 0 or not size > abs(contribution[row, k - 1])):
                continue
            filled = min(filled + 1, k)
            place = filled - 1
            while place > 0 and size > abs(contribution[row, place - 1]):
                contribution[row, place], family[row, place] = contribution[row, place - 1], family[row, place - 1]
                place -= 1
            contribution[row, place], family[row, place] = whole[g, i], g
        for place in range(filled):
            sign = -1.0 if contribution[row, place] < 0 else 1.0
            most, most_told, by, by_told = -np.inf, 0.0, -1, -1
            for at in range(starts[family[row, place]], starts[family[row, place] + 1]):
                column = columns[at]
                v, along = values[column, i], sign * sums[column, i]
                if by < 0 or along > most:
                    most, by = along, column
                known = np.isfinite(v)
                if along > most_told and not (v == typical[column] or (unknown_is_typical[column] and not known)):
                    most_told, by_told = along, column
            usual[row, place] = by_told < 0
            member[row, place] = by if by_told < 0 else by_told


@jit
def keep_strongest_rows(contributions: Any, x: Any, families: Any, kept: Any) -> None:
    """The same of a whole matrix of contributions, a block of rows at a time."""
    sums, values = np.empty((x.shape[1], BLOCK)), np.empty((x.shape[1], BLOCK))
    for first in range(0, x.shape[0], BLOCK):
        n = min(BLOCK, x.shape[0] - first)
        turn(contributions, first, n, sums)
        turn(x, first, n, values)
        keep_strongest(sums, values, first, n, families, kept)
