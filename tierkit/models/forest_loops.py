"""The loops of `forest`, compiled: a block of rows at a time, feature by feature, so that it stays in the cache."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., None])

BLOCK = 512
_ZERO = 1e-35
"""Numbers nearer to 0 count as missing where zeros do (LightGBM's `kZeroThreshold`)."""


def _jit(loop: Loop) -> Loop:
    compiled: Any = njit(cache=True, nogil=True, error_model="numpy")(loop)
    return cast(Loop, compiled)


@_jit
def _turn(x: Any, first: int, n: int, turned: Any) -> None:
    """Rows `first` to `first + n` of `x`, a feature a row."""
    for f in range(x.shape[1]):
        for i in range(n):
            turned[f, i] = x[first + i, f]


@_jit
def _decide(values: Any, n: int, node: int, nodes: Any, goes_left: Any) -> None:
    """Which rows go left at a node."""
    _, threshold, kind, unknown_left, bits_from, bits_to, bits = nodes
    limit, unknown = threshold[node], unknown_left[node]
    if kind[node] == 0:
        for i in range(n):
            v = values[i]
            goes_left[i] = unknown if np.isnan(v) else v <= limit
    elif kind[node] == 1:
        for i in range(n):
            v = values[i]
            goes_left[i] = unknown if np.isnan(v) or (v >= -_ZERO and v <= _ZERO) else v <= limit
    else:
        start, most = bits_from[node], 32 * (bits_to[node] - bits_from[node])
        for i in range(n):
            v = values[i]
            goes_left[i] = 0
            if v >= 0 and v < most:
                code = np.int64(v)
                goes_left[i] = (bits[start + code // 32] >> np.uint32(code % 32)) & np.uint32(1)


@_jit
def fill_tables(table: Any, leaf_table: Any, leaf_features: Any, path_share: Any, value: Any) -> None:
    """For each leaf, subset of satisfied features and feature of its path: its Shapley value."""
    terms = np.empty(64)
    for leaf in range(len(leaf_table) - 1):
        start, width = leaf_features[leaf], leaf_features[leaf + 1] - leaf_features[leaf]
        for subset in range(1 << width if width else 0):
            for place in range(width):
                # Coefficients of the product over the other features of (share + satisfied * t).
                n = 1
                terms[0] = 1.0
                for other in range(width):
                    if other == place:
                        continue
                    share, satisfied = path_share[start + other], (subset >> other) & 1
                    terms[n] = 0.0
                    for k in range(n, 0, -1):
                        terms[k] = terms[k] * share + (terms[k - 1] if satisfied else 0.0)
                    terms[0] *= share
                    n += 1
                # The weight of k others known is k! (width - k - 1)! / width!.
                weight, total = 1.0 / width, 0.0
                for k in range(width):
                    total += weight * terms[k]
                    weight *= (k + 1.0) / max(width - k - 1.0, 1.0)
                apart = ((subset >> place) & 1) - path_share[start + place]
                table[leaf_table[leaf] + subset * width + place] = value[leaf] * total * apart


@_jit
def add_contributions(
    x: Any, out: Any, tree_nodes: Any, tree_leaves: Any, nodes: Any, paths: Any, leaves: Any, table: Any
) -> None:
    """Add the table entries of each row: of every leaf, those of the features of its path that the row satisfies."""
    leaf_paths, path_node, path_place, path_left = paths
    leaf_features, path_feature, leaf_table = leaves
    most = 1
    for tree in range(len(tree_nodes) - 1):
        most = max(most, tree_nodes[tree + 1] - tree_nodes[tree])
    turned, sums = np.empty((x.shape[1], BLOCK)), np.empty((x.shape[1], BLOCK))
    goes_left, broken = np.empty((most, BLOCK), dtype=np.uint8), np.empty(BLOCK, dtype=np.uint8)
    for first in range(0, x.shape[0], BLOCK):
        n = min(BLOCK, x.shape[0] - first)
        _turn(x, first, n, turned)
        sums[:] = 0.0
        for tree in range(len(tree_nodes) - 1):
            begin = tree_nodes[tree]
            for node in range(begin, tree_nodes[tree + 1]):
                _decide(turned[nodes[0][node]], n, node, nodes, goes_left[node - begin])
            for leaf in range(tree_leaves[tree], tree_leaves[tree + 1]):
                width = leaf_features[leaf + 1] - leaf_features[leaf]
                if not width:
                    continue
                broken[:] = 0
                for step in range(leaf_paths[leaf], leaf_paths[leaf + 1]):
                    left, place, way = path_left[step], path_place[step], goes_left[path_node[step] - begin]
                    for i in range(n):
                        broken[i] |= np.uint8((way[i] ^ left) << place)
                full = np.uint8((1 << width) - 1)
                for place in range(width):
                    to = sums[path_feature[leaf_features[leaf] + place]]
                    start = leaf_table[leaf] + place
                    for i in range(n):
                        to[i] += table[start + np.int64(full ^ broken[i]) * width]
        for f in range(x.shape[1]):
            for i in range(n):
                out[first + i, f] = sums[f, i]
