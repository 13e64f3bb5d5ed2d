"""Boosted trees as arrays: exact contributions of many rows, a block of rows at a time."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tierkit.models.design import Array
from tierkit.models.forest_loops import add_contributions, fill_tables
from tierkit.models.strongest import Strongest, strongest_of

MOST_DEPTH = 8
"""Features that may stand on the way to a leaf: a table has a row for every subset of them."""
MOST_TABLE = 32_000_000
"""Entries of all tables together, 8 bytes each."""
_CATEGORY, _DEFAULT_LEFT, _MISSING_ZERO, _MISSING_NAN = 1, 2, 4, 8
"""Bits of LightGBM's `decision_type`."""


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees laid end to end.

    Attributes
    ----------
    tree_nodes, tree_leaves : where the nodes and the leaves of each tree begin, and where the last ends.
    feature, threshold : of each node. kind : 0 a number, 1 a number whose zeros are missing, 2 a category.
    unknown_left : whether a missing value goes left.
    bits_from, bits_to : of a category, its part of `bits`: the codes that go left.
    value : of each leaf. base : expected value over the training rows.
    leaf_paths : where the path of each leaf begins in `path_*`; a path has an entry for each node on it, with its place
        among the features of the path and whether it goes left.
    leaf_features : where the features of each leaf begin in `path_feature` and `path_share`: the feature, and the share
        of training rows that would follow the path were it unknown.
    leaf_table : where the table of each leaf begins.
    """

    tree_nodes: Array
    tree_leaves: Array
    feature: Array
    threshold: Array
    kind: Array
    unknown_left: Array
    bits_from: Array
    bits_to: Array
    bits: Array
    value: Array
    base: float
    leaf_paths: Array
    path_node: Array
    path_place: Array
    path_left: Array
    leaf_features: Array
    path_feature: Array
    path_share: Array
    leaf_table: Array

    def contributions(self, x: Array) -> Array:
        """Exact path-dependent SHAP values of rows (n, features; missing is NaN, categories are codes), same shape.

        For one leaf they depend only on which features of its path the row satisfies: all subsets are tabulated once,
        and each row adds the entries of its own (the polynomials of Lundberg 2020, worked out ahead).
        """
        out = np.zeros(x.shape)
        nodes = (self.feature, self.threshold, self.kind, self.unknown_left, self.bits_from, self.bits_to, self.bits)
        table = np.zeros(int(self.leaf_table[-1]))
        fill_tables(table, self.leaf_table, self.leaf_features, self.path_share, self.value)
        paths = (self.leaf_paths, self.path_node, self.path_place, self.path_left)
        leaves = (self.leaf_features, self.path_feature, self.leaf_table)
        add_contributions(x, out, self.tree_nodes, self.tree_leaves, nodes, paths, leaves, table)
        return out

    def strongest(self, x: Array, k: int, *, family_of: Array, typical: Array, unknown_is_typical: Array) -> Strongest:
        """The k strongest families of each row (`strongest_of`)."""
        return strongest_of(
            self.contributions(x), x, k, family_of=family_of, typical=typical, unknown_is_typical=unknown_is_typical
        )


def read_forest(text: str) -> Forest | None:
    """The trees of a LightGBM model, given as its text; None where they are too large for tables."""
    # What comes after the trees are lines of the same form, under names of the company's own columns.
    trees = [_Tree(part) for part in text.split("\nend of trees", 1)[0].split("\nTree=")[1:]]
    if any(tree.depth > MOST_DEPTH for tree in trees):
        return None
    counts = np.array([[len(t.feature), len(t.value)] for t in trees]).reshape(-1, 2)
    starts = np.vstack([np.zeros((1, 2), dtype=np.int64), counts.cumsum(axis=0)])
    paths = [(path, tree, at) for tree, at in zip(trees, starts[:, 0], strict=False) for path in tree.paths]
    steps = [[(at + node, place, left) for node, place, left in path.steps] for path, _, at in paths]
    widths = np.array([len(path.features) for path, _, _ in paths], dtype=np.int64)
    sizes = np.where(widths > 0, 2**widths * widths, 0)
    if sizes.sum() > MOST_TABLE:
        return None
    flat = np.array([step for path in steps for step in path], dtype=np.int64).reshape(-1, 3)
    bits_at = np.cumsum([0, *(len(t.bits) for t in trees)])
    return Forest(
        tree_nodes=starts[:, 0],
        tree_leaves=starts[:, 1],
        feature=_joined([t.feature for t in trees], np.int64),
        threshold=_joined([t.threshold for t in trees], np.float64),
        kind=_joined([t.kind for t in trees], np.uint8),
        unknown_left=_joined([t.unknown_left for t in trees], np.uint8),
        bits_from=_joined([t.bits_from + at for t, at in zip(trees, bits_at, strict=False)], np.int64),
        bits_to=_joined([t.bits_to + at for t, at in zip(trees, bits_at, strict=False)], np.int64),
        bits=_joined([t.bits for t in trees], np.uint32),
        value=_joined([t.value[t.order] for t in trees], np.float64),
        base=float(sum(t.base for t in trees)),
        leaf_paths=_ends([len(path) for path in steps]),
        path_node=flat[:, 0].copy(),
        path_place=flat[:, 1].astype(np.uint8),
        path_left=flat[:, 2].astype(np.uint8),
        leaf_features=_ends(widths),
        path_feature=_joined([np.array(path.features) for path, _, _ in paths], np.int64),
        path_share=_joined([np.array(path.shares) for path, _, _ in paths], np.float64),
        leaf_table=_ends(sizes),
    )


def _joined(parts: list[Array], kind: type) -> Array:
    return np.concatenate([np.asarray(part, dtype=kind) for part in parts] or [np.zeros(0, dtype=kind)])


def _ends(sizes: Array | list[int]) -> Array:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)


@dataclass(frozen=True)
class _Path:
    """The way to a leaf: its nodes with the place of their feature and the side taken; features and their shares."""

    steps: list[tuple[int, int, bool]]
    features: list[int]
    shares: list[float]


class _Tree:
    """One tree of a model's text: its nodes, and its leaves from left to right."""

    def __init__(self, text: str) -> None:
        given = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        self.value = _floats(given, "leaf_value")
        n = len(self.value) - 1
        self.feature = _whole(given, "split_feature")[:n]
        self.threshold = _floats(given, "threshold")[:n]
        decision = _whole(given, "decision_type")[:n]
        self.left, self.right = _whole(given, "left_child"), _whole(given, "right_child")
        self.bits = _whole(given, "cat_threshold").astype(np.uint32)
        category = (decision & _CATEGORY) > 0
        zero, unknown = (decision & _MISSING_ZERO) > 0, (decision & _MISSING_NAN) > 0
        self.kind = np.where(category, 2, np.where(zero, 1, 0))
        default = (decision & _DEFAULT_LEFT) > 0
        # Where nothing was missing in training, an unknown number is a zero; an unknown category goes right.
        self.unknown_left = np.where(category, False, np.where(zero | unknown, default, self.threshold >= 0.0))
        bounds, which = _whole(given, "cat_boundaries"), np.where(category, self.threshold, 0).astype(np.int64)
        self.bits_from = bounds[which] if len(bounds) else np.zeros(n, dtype=np.int64)
        self.bits_to = bounds[which + 1] if len(bounds) else np.zeros(n, dtype=np.int64)
        self._rows = _floats(given, "internal_count")[:n], _floats(given, "leaf_count")
        self.paths: list[_Path] = []
        leaves: list[int] = []
        if n:
            self._walk(0, [], leaves)
            self.base = float(self.value @ self._rows[1] / self._rows[0][0])
        else:
            self.paths, leaves, self.base = [_Path([], [], [])], [0], float(self.value[0])
        self.order = np.array(leaves, dtype=np.int64)

    @property
    def depth(self) -> int:
        return max(len(path.features) for path in self.paths)

    def _walk(self, node: int, way: list[tuple[int, bool, float]], leaves: list[int]) -> None:
        """Go through the tree from left to right, and note each leaf's path."""
        if node < 0:
            leaves.append(~node)
            self.paths.append(self._path(way))
            return
        for left, child in ((True, self.left[node]), (False, self.right[node])):
            share = self._rows[1][~child] if child < 0 else self._rows[0][child]
            self._walk(int(child), [*way, (node, left, float(share / self._rows[0][node]))], leaves)

    def _path(self, way: list[tuple[int, bool, float]]) -> _Path:
        places: dict[int, int] = {}
        shares: list[float] = []
        steps = []
        for node, left, share in way:
            feature = int(self.feature[node])
            if feature not in places:
                places[feature] = len(places)
                shares.append(1.0)
            shares[places[feature]] *= share
            steps.append((node, places[feature], left))
        return _Path(steps, list(places), shares)


def _floats(given: Mapping[str, str], name: str) -> Array:
    return np.array(given.get(name, "").split(), dtype=np.float64)


def _whole(given: Mapping[str, str], name: str) -> Array:
    return np.array(given.get(name, "").split(), dtype=np.int64)
