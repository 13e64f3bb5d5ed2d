"""How a row becomes small whole numbers by which every node decides, and what each node asks of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tierkit.models.design import Array
from tierkit.models.forest_text import CATEGORY, Nodes

TOGETHER = 16
"""Nodes that ask for one category and are looked up at once, a bit each."""


class Columns(NamedTuple):
    """Columns of codes, one for each feature and way to treat the unknown.

    Attributes
    ----------
    feature, kind : of each column; kinds as in `Nodes`.
    starts : where each column begins in `edges`, or in `places` for a category; and where the last ends.
    edges : rising limits of a number, 2^k - 1 of them, filled up with infinity.
    places : place of each level of a category; the last stands for all others.
    unknown : the code of an unknown number, the highest there is.
    """

    feature: Array
    kind: Array
    starts: Array
    ends: Array
    edges: Array
    places: Array
    unknown: Any


class Asked(NamedTuple):
    """What each node asks.

    Attributes
    ----------
    column : of codes. limit : the highest code that goes left. unknown_left : whether an unknown number does.
    left_at : where a table of 16 nodes by one category begins in `left`, place by place; -1 for a number.
    left_bit : of the node in it. left_sizes : places of each column.
    unknown : as in `Columns`.
    """

    column: Array
    limit: Array
    unknown_left: Array
    left_at: Array
    left_bit: Array
    left: Array
    left_sizes: Array
    unknown: Any


def make_codes(nodes: Nodes, order: Array) -> tuple[Columns, Asked]:
    """Columns of codes, and what nodes ask of them, in this order of nodes."""
    keys, column = np.unique(np.column_stack([nodes.feature, nodes.kind])[order], axis=0, return_inverse=True)
    column = np.asarray(column, dtype=np.int64).reshape(-1)
    n, is_category = len(column), keys[:, 1] == CATEGORY
    limit, left_at, left_bit = np.zeros(n, np.int64), np.full(n, -1, np.int64), np.zeros(n, np.int64)
    parts: list[Array] = []
    left: list[Array] = [np.zeros(0, np.uint16)] * len(keys)
    counts, n_left = np.zeros(len(keys), np.int64), 0
    for c in range(len(keys)):
        at = np.flatnonzero(column == c)
        if is_category[c]:
            known, left[c], left_bit[at], table_at = _pack([nodes.levels[node] for node in order[at]])
            left_at[at] = n_left + table_at
            n_left += len(left[c])
            parts.append(_places(known))
            counts[c] = len(known) + 1
        else:
            known, limit[at] = np.unique(nodes.threshold[order[at]], return_inverse=True)
            parts.append(_edges(known))
            # Codes go up to their number, and one more stands for the unknown.
            counts[c] = len(known) + 2
    small = np.uint8 if counts.max(initial=0) <= 256 else np.uint16
    # Of the type of the codes: compared with a wider number, far fewer rows are decided at once.
    unknown = small(np.iinfo(small).max)
    sizes = np.array([len(part) for part in parts], dtype=np.int64)
    starts = np.zeros(len(keys), np.int64)
    for side in (is_category, ~is_category):
        starts[side] = np.cumsum(sizes[side]) - sizes[side]
    columns = Columns(
        feature=keys[:, 0].astype(np.int64),
        kind=keys[:, 1].astype(np.int64),
        starts=starts,
        ends=starts + sizes,
        edges=_joined(parts, ~is_category, np.float64),
        places=_joined(parts, is_category, small),
        unknown=unknown,
    )
    asked = Asked(
        column=column,
        limit=limit.astype(small),
        unknown_left=nodes.unknown_left[order] & (nodes.kind[order] > 0),
        left_at=left_at,
        left_bit=left_bit,
        left=_joined(left, is_category, np.uint16),
        left_sizes=np.where(is_category, counts, 0),
        unknown=unknown,
    )
    return columns, asked


def _pack(sets: list[Array]) -> tuple[Array, Array, Array, Array]:
    """Levels that some node sends left; tables of 16 nodes each over them and one more for all others; bits, places."""
    known = np.unique(np.concatenate(sets))
    tables = np.zeros((-(-len(sets) // TOGETHER), len(known) + 1), np.uint16)
    number = np.arange(len(sets))
    for i, levels in enumerate(sets):
        tables[i // TOGETHER, np.searchsorted(known, levels)] |= np.uint16(1 << i % TOGETHER)
    return known, tables.ravel(), number % TOGETHER, number // TOGETHER * tables.shape[1]


def _edges(known: Array) -> Array:
    full = 2 ** len(known).bit_length() - 1
    return np.concatenate([known, np.full(full - len(known), np.inf)])


def _places(known: Array) -> Array:
    places = np.full(int(known.max(initial=-1)) + 2, len(known))
    places[known] = np.arange(len(known))
    return places


def _joined(parts: Sequence[Array], which: Array, kind: Any) -> Array:
    return np.concatenate([*(part for part, one in zip(parts, which, strict=True) if one), np.zeros(0)]).astype(kind)
