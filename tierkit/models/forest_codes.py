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
    n, threshold = len(column), nodes.threshold[order]
    limit, left_at, left_bit = np.zeros(n, np.int64), np.full(n, -1, np.int64), np.zeros(n, np.int64)
    edges, places, left, starts, ends = [], [], [], [], []
    left_sizes, counts = np.zeros(len(keys), np.int64), [0]
    for c, kind in enumerate(keys[:, 1]):
        at = np.flatnonzero(column == c)
        parts, made = (places, _places) if kind == CATEGORY else (edges, _edges)
        if kind == CATEGORY:
            sets = [nodes.levels[node] for node in order[at]]
            known = np.unique(np.concatenate(sets))
            table = np.zeros((-(-len(at) // TOGETHER), len(known) + 1), np.uint16)
            for i, levels in enumerate(sets):
                table[i // TOGETHER, np.searchsorted(known, levels)] |= np.uint16(1 << i % TOGETHER)
            left_bit[at] = np.arange(len(at)) % TOGETHER
            left_at[at] = sum(map(len, left)) + np.arange(len(at)) // TOGETHER * table.shape[1]
            left_sizes[c] = table.shape[1]
            left.append(table.ravel())
            part = made(known)
            counts.append(len(known) + 1)
        else:
            known, limit[at] = np.unique(threshold[at], return_inverse=True)
            part = made(known)
            # Codes go up to their count, and one more stands for the unknown.
            counts.append(len(known) + 2)
        starts.append(sum(map(len, parts)))
        ends.append(starts[-1] + len(part))
        parts.append(part)
    small = np.uint8 if max(counts) <= 256 else np.uint16
    # Of the type of the codes: compared with a wider number, far fewer rows are decided at once.
    unknown = small(np.iinfo(small).max)
    columns = Columns(
        feature=keys[:, 0].astype(np.int64),
        kind=keys[:, 1].astype(np.int64),
        starts=np.array(starts, dtype=np.int64),
        ends=np.array(ends, dtype=np.int64),
        edges=_joined(edges, np.float64),
        places=_joined(places, small),
        unknown=unknown,
    )
    unknown_left = nodes.unknown_left[order] & (nodes.kind[order] > 0)
    left_table = _joined(left, np.uint16)
    return columns, Asked(column, limit.astype(small), unknown_left, left_at, left_bit, left_table, left_sizes, unknown)


def _edges(known: Array) -> Array:
    full = 2 ** int(len(known)).bit_length() - 1
    return np.concatenate([known, np.full(full - len(known), np.inf)])


def _places(known: Array) -> Array:
    places = np.full(int(known.max(initial=-1)) + 2, len(known))
    places[known] = np.arange(len(known))
    return places


def _joined(parts: Sequence[Array], kind: Any) -> Array:
    return np.concatenate([*parts, np.zeros(0)]).astype(kind)
