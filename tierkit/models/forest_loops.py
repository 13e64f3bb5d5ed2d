"""The loops of `forest`, compiled: a block of rows at a time, one tree after the other, one group of its nodes after
the other.

Every step is a plain loop over the rows of a block, so that the compiler can take many rows at once; what a step needs
fits into the caches. Sums are added in the order written, so that the same rows give the same bits.
"""

from typing import Any

import numpy as np

from tierkit.models.strongest_loops import jit, keep_strongest

BLOCK = 2048
_TINY = float(np.float32(1e-35))
"""Numbers nearer to 0 are 0 (LightGBM's `kZeroThreshold`)."""
_TILE = 64


@jit
def _encode(x: Any, first: int, n: int, columns: Any, values: Any, codes: Any) -> None:
    """Small whole numbers that decide every node: of a number the count of limits below it, of a category its place.

    `values` gets the rows feature by feature. The highest code there is stands for an unknown number.
    """
    feature, kind, starts, edges, place_starts, places, unknown = columns
    for begin in range(0, n, _TILE):
        end = min(begin + _TILE, n)
        for f in range(x.shape[1]):
            for i in range(begin, end):
                values[f, i] = x[first + i, f]
        for c in range(len(feature)):
            row, to = values[feature[c]], codes[c]
            if kind[c] == 3:
                known = places[place_starts[c] : place_starts[c + 1]]
                other, most = known[len(known) - 1], len(known) - 1
                for i in range(begin, end):
                    v = row[i]
                    # LightGBM cuts a code to a whole number: -0.5 is level 0, and NaN is none.
                    to[i] = known[np.uint64(v)] if v > -1.0 and v < most else other
                continue
            limits = edges[starts[c] : starts[c + 1]]
            for i in range(begin, end):
                v = row[i]
                lost = np.isnan(v)
                if lost or (v >= -_TINY and v <= _TINY):
                    v = 0.0
                low, width = np.uint64(0), np.uint64(len(limits))
                while width > 1:
                    half = width >> np.uint64(1)
                    low += half if limits[low + half - np.uint64(1)] < v else np.uint64(0)
                    width -= half
                low += np.uint64(1) if limits[low] < v else np.uint64(0)
                to[i] = unknown if (kind[c] == 1 and v == 0.0) or (kind[c] == 2 and lost) else low


@jit
def _decide(codes: Any, n: int, limit: int, unknown: int, unknown_left: bool, goes_left: Any) -> None:
    """Which rows go left at a node that asks for a number."""
    if unknown_left:
        for i in range(n):
            goes_left[i] = (codes[i] <= limit) | (codes[i] == unknown)
    else:
        for i in range(n):
            goes_left[i] = codes[i] <= limit


@jit
def _look_up(codes: Any, n: int, left: Any, goes_left: Any) -> None:
    """Which rows go left at a node that asks for a category."""
    for i in range(n):
        goes_left[i] = left[codes[i]]


@jit
def _mark(pattern: Any, n: int, goes_left: Any, left: int, bit: int) -> None:
    """Set a bit of the rows that take the other side."""
    flag, none, side = np.uint16(1 << bit), np.uint16(0), np.uint8(left)
    for i in range(n):
        pattern[i] |= none if goes_left[i] == side else flag


@jit
def _add(to: Any, n: int, window: Any, pattern: Any) -> None:
    """Add to each row the entry of its pattern."""
    for i in range(n):
        to[i] += window[pattern[i]]


@jit
def _decide_tree(codes: Any, n: int, begin: int, end: int, nodes: Any, unknown: int, ways: Any) -> None:
    """Which rows go left at each node of a tree."""
    column, limit, unknown_left, left_at, left = nodes
    for node in range(begin, end):
        if left_at[node] >= 0:
            _look_up(codes[column[node]], n, left[left_at[node] :], ways[node - begin])
        else:
            _decide(codes[column[node]], n, limit[node], unknown, unknown_left[node], ways[node - begin])


@jit
def _most_nodes(tree_nodes: Any) -> int:
    most = 1
    for tree in range(len(tree_nodes) - 1):
        most = max(most, tree_nodes[tree + 1] - tree_nodes[tree])
    return most


@jit
def add_contributions(
    x: Any, codes: Any, columns: Any, nodes: Any, trees: Any, groups: Any, tables: Any, out: Any, families: Any, kept: Any
) -> None:
    """Contributions of rows, (n, features) into `out` where it has rows; else the strongest families into `kept`."""
    tree_nodes, tree_groups = trees
    steps_from, step_node, step_bit, step_left, slots_from, slot_feature, bits, table_from, _ = groups
    values, sums = np.empty((x.shape[1], BLOCK)), np.empty((x.shape[1], BLOCK))
    ways, pattern = np.empty((_most_nodes(tree_nodes), BLOCK), dtype=np.uint8), np.empty(BLOCK, dtype=np.uint16)
    for first in range(0, x.shape[0], BLOCK):
        n = min(BLOCK, x.shape[0] - first)
        _encode(x, first, n, columns, values, codes)
        sums[:] = 0.0
        for tree in range(len(tree_nodes) - 1):
            begin = tree_nodes[tree]
            _decide_tree(codes, n, begin, tree_nodes[tree + 1], nodes, columns[6], ways)
            for group in range(tree_groups[tree], tree_groups[tree + 1]):
                pattern[:] = 0
                for step in range(steps_from[group], steps_from[group + 1]):
                    _mark(pattern, n, ways[step_node[step] - begin], step_left[step], step_bit[step])
                size = 1 << bits[group]
                for slot in range(slots_from[group], slots_from[group + 1]):
                    start = table_from[group] + size * (slot - slots_from[group])
                    _add(sums[slot_feature[slot]], n, tables[start : start + size], pattern)
        if len(out):
            for i in range(n):
                for f in range(x.shape[1]):
                    out[first + i, f] = sums[f, i]
        else:
            keep_strongest(sums, values, first, n, families, kept)


@jit
def add_values(
    x: Any, codes: Any, columns: Any, nodes: Any, trees: Any, groups: Any, leaf_values: Any, out: Any
) -> None:
    """Sums of leaf values, (n,): of each tree one group has the leaf of a row, the others add 0."""
    tree_nodes, tree_groups = trees
    steps_from, step_node, step_bit, step_left, _, _, bits, _, value_from = groups
    values = np.empty((x.shape[1], BLOCK))
    ways, pattern = np.empty((_most_nodes(tree_nodes), BLOCK), dtype=np.uint8), np.empty(BLOCK, dtype=np.uint16)
    for first in range(0, x.shape[0], BLOCK):
        n = min(BLOCK, x.shape[0] - first)
        _encode(x, first, n, columns, values, codes)
        for tree in range(len(tree_nodes) - 1):
            begin = tree_nodes[tree]
            _decide_tree(codes, n, begin, tree_nodes[tree + 1], nodes, columns[6], ways)
            for group in range(tree_groups[tree], tree_groups[tree + 1]):
                pattern[:] = 0
                for step in range(steps_from[group], steps_from[group + 1]):
                    _mark(pattern, n, ways[step_node[step] - begin], step_left[step], step_bit[step])
                start = value_from[group]
                _add(out[first : first + n], n, leaf_values[start : start + (1 << bits[group])], pattern)
