"""A LightGBM model's own text, read into arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tierkit.models.design import Array

CATEGORY = 3
"""The kind of a node that asks for a category."""
_CATEGORY, _DEFAULT_LEFT, _MISSING_ZERO, _MISSING_NAN = 1, 2, 4, 8
"""Bits of LightGBM's `decision_type`."""
_NEEDED = (
    "split_feature",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
    "leaf_count",
    "internal_count",
)


@dataclass(frozen=True)
class Refused:
    """Trees, or their contributions, that are left to LightGBM, and the reason in a few words ("linear leaves")."""

    reason: str


class Nodes(NamedTuple):
    """All trees end to end.

    Attributes
    ----------
    roots : node of each tree; -1 where it is a single leaf.
    left, right : children; below 0 a leaf, `~leaf`.
    feature, threshold : of each node. kind : 0 unknown is 0, 1 zeros are unknown, 2 a number or unknown, 3 a category.
    unknown_left : whether an unknown value goes left. levels : of a category, the codes that go left.
    rows : training rows of each node. value, leaf_rows : of each leaf. first_value : of the first leaf of each tree.
    base : expected value over the training rows. n_features : columns of a row.
    """

    roots: Array
    left: Array
    right: Array
    feature: Array
    threshold: Array
    kind: Array
    unknown_left: Array
    levels: list[Array]
    rows: Array
    value: Array
    leaf_rows: Array
    first_value: Array
    base: float
    n_features: int


def read_nodes(text: str) -> Nodes | Refused:
    """The trees of a model's text, or why they are none of those this package adds up itself."""
    # What comes after the trees are lines of the same form, under names of the company's own columns.
    head, *parts = text.split("\nend of trees", 1)[0].split("\nTree=")
    header = _given(head)
    per_row = int(header.get("num_tree_per_iteration", "1"))
    if per_row > 1:
        return Refused(f"multiclass: {per_row} trees a step")
    if "average_output" in head.splitlines():
        return Refused("a random forest: trees are averaged")
    trees = [_given(part) for part in parts]
    if any(tree.get("is_linear", "0") != "0" for tree in trees):
        return Refused("linear leaves")
    # Whoever strips a model of counts of rows leaves nothing to weigh the unknown by.
    if lacking := [name for tree in trees for name in _NEEDED if int(tree["num_leaves"]) > 1 and name not in tree]:
        return Refused(f"no {lacking[0]} in its text")
    n_leaves = np.array([int(tree["num_leaves"]) for tree in trees], dtype=np.int64)
    nodes_at, leaves_at = _ends(n_leaves - 1), _ends(n_leaves)

    def column(name: str, kind: Any, sizes: Array) -> Array:
        parts = [np.array(t.get(name, "").split()[:n], dtype=kind) for t, n in zip(trees, sizes, strict=True)]
        return np.concatenate([*parts, np.zeros(0, dtype=kind)])

    inner = n_leaves - 1
    child = [column(name, np.int64, inner) for name in ("left_child", "right_child")]
    node_at, leaf_at = np.repeat(nodes_at[:-1], inner), np.repeat(leaves_at[:-1], inner)
    left, right = (np.where(side >= 0, side + node_at, side - leaf_at) for side in child)
    rows, leaf_rows = column("internal_count", np.float64, inner), _leaf_rows(trees, n_leaves)
    if (rows <= 0).any():
        return Refused("nodes without training rows")
    value = column("leaf_value", np.float64, n_leaves)
    decision, threshold = column("decision_type", np.int64, inner), column("threshold", np.float64, inner)
    category, zero = (decision & _CATEGORY) > 0, (decision & _MISSING_ZERO) > 0
    kind = np.where(category, CATEGORY, np.where(zero, 1, np.where((decision & _MISSING_NAN) > 0, 2, 0)))
    levels = [level for tree, n in zip(trees, inner, strict=True) for level in _levels(tree, int(n))]
    expected = [
        value[a:b] @ leaf_rows[a:b] / rows[at] if b - a > 1 else value[a]
        for a, b, at in zip(leaves_at[:-1], leaves_at[1:], nodes_at[:-1], strict=True)
    ]
    return Nodes(
        roots=np.where(inner > 0, nodes_at[:-1], -1),
        left=left,
        right=right,
        feature=column("split_feature", np.int64, inner),
        threshold=threshold,
        kind=kind,
        unknown_left=~category & ((decision & _DEFAULT_LEFT) > 0),
        levels=levels,
        rows=rows,
        value=value,
        leaf_rows=leaf_rows,
        first_value=value[leaves_at[:-1]],
        base=float(sum(expected)),
        n_features=int(header["max_feature_idx"]) + 1,
    )


def _leaf_rows(trees: list[dict[str, str]], n_leaves: Array) -> Array:
    """Training rows of each leaf; a tree of one leaf may not say."""
    parts = [
        np.array(tree.get("leaf_count", "0").split() if n > 1 else [0], dtype=np.float64)
        for tree, n in zip(trees, n_leaves, strict=True)
    ]
    return np.concatenate([*parts, np.zeros(0)])


def _levels(tree: Mapping[str, str], n: int) -> list[Array]:
    """Codes that go left at each node; none where it asks for a number."""
    none = np.zeros(0, dtype=np.int64)
    if int(tree.get("num_cat", "0")) == 0:
        return [none] * n
    bounds, words = (np.array(tree[k].split(), dtype=np.int64) for k in ("cat_boundaries", "cat_threshold"))
    decision = np.array(tree["decision_type"].split(), dtype=np.int64)
    which = np.array(tree["threshold"].split(), dtype=np.float64)
    levels = []
    for node in range(n):
        if not decision[node] & _CATEGORY:
            levels.append(none)
            continue
        at = int(which[node])
        some = words[bounds[at] : bounds[at + 1]]
        levels.append(np.flatnonzero((some[:, None] >> np.arange(32)) & 1))
    return levels


def _given(part: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in part.splitlines() if "=" in line)


def _ends(sizes: Array) -> Array:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)
