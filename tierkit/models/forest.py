"""Boosted trees as arrays: exact scores and exact contributions of many rows, a block of rows at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tierkit.models import forest_tables as tables_of
from tierkit.models.design import Array
from tierkit.models.forest_loops import BLOCK, add_contributions, add_values
from tierkit.models.forest_text import Nodes, Refused, read_nodes
from tierkit.models.strongest import Strongest, group_columns, nothing_kept

MOST_BYTES = 256 * 2**20
"""Room for the tables of one model."""
_BITS = (9, 8, 7)
"""Bits of a group of nodes: the first whose tables have room. More bits mean fewer look-ups in larger tables."""


class Columns(NamedTuple):
    """How a row becomes small whole numbers, one column for each feature and way to treat the unknown.

    Attributes
    ----------
    feature : of each column. kind : 0 unknown is 0, 1 zeros are unknown, 2 a number or unknown, 3 a category.
    starts, edges : where the limits of each column begin in `edges`, rising.
    place_starts, places : of a category, where its levels begin in `places`, the place of each level; the last stands
        for all others.
    unknown : the number that stands for an unknown one.
    """

    feature: Array
    kind: Array
    starts: Array
    edges: Array
    place_starts: Array
    places: Array
    unknown: int


class Groups(NamedTuple):
    """Groups of nodes: the steps that set the bits of a row's pattern, and the features their tables speak of."""

    steps_from: Array
    step_node: Array
    step_bit: Array
    step_left: Array
    slots_from: Array
    slot_feature: Array
    bits: Array
    table_from: Array
    value_from: Array


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees laid end to end, and their tables.

    Attributes
    ----------
    n_features : columns of the rows. base : expected value over the training rows.
    columns, nodes, trees, groups : as the loops take them.
    tables : contributions of each group, feature by feature, a pattern after the other. leaf_values : of each group
        the value of the leaf a pattern leads to; 0 where it leads out of the group.
    """

    n_features: int
    base: float
    columns: Columns
    nodes: tuple[Array, ...]
    trees: tuple[Array, Array]
    groups: Groups
    tables: Array
    leaf_values: Array

    def raw(self, x: Array) -> Array:
        """Sum of the trees, shape (n,), of rows (n, features; missing is NaN, categories are codes)."""
        x, out = self._rows(x), np.zeros(len(x))
        add_values(x, self._codes(), self.columns, self.nodes, self.trees, self.groups, self.leaf_values, out)
        return out

    def contributions(self, x: Array) -> Array:
        """Exact path-dependent SHAP values of the same rows, shape (n, features) (Lundberg 2020)."""
        x = self._rows(x)
        out = np.empty(x.shape)
        no_families = group_columns(np.full(x.shape[1], -1), np.zeros(x.shape[1]), np.zeros(x.shape[1]))
        self._add(x, out, no_families, nothing_kept(0, 0))
        return out

    def strongest(self, x: Array, k: int, *, family_of: Array, typical: Array, unknown_is_typical: Array) -> Strongest:
        """The k strongest families of each row (`strongest_of`), kept as its block goes by."""
        x = self._rows(x)
        kept = nothing_kept(len(x), k)
        self._add(x, np.empty((0, x.shape[1])), group_columns(family_of, typical, unknown_is_typical), kept)
        return kept

    def _add(self, x: Array, out: Array, families: Any, kept: Strongest) -> None:
        codes = self._codes()
        add_contributions(
            x, codes, self.columns, self.nodes, self.trees, self.groups, self.tables, out, families, kept
        )

    def _codes(self) -> Array:
        return np.empty((len(self.columns.feature), BLOCK), dtype=self.columns.places.dtype)

    def _rows(self, x: Array) -> Array:
        if x.ndim != 2 or x.shape[1] != self.n_features:
            raise ValueError(f"rows have shape {x.shape}, but the trees know {self.n_features} features")
        return np.ascontiguousarray(x, dtype=np.float64)


def read_forest(text: str, *, most_bytes: int = MOST_BYTES) -> Forest | Refused:
    """The trees of a LightGBM model, given as its text; the reason where they are not for tables.

    Parameters
    ----------
    most_bytes : room for tables; groups are made smaller before a model is refused.
    """
    nodes = read_nodes(text)
    if isinstance(nodes, Refused):
        return nodes
    columns, asked = _columns(nodes)
    order, parent = np.empty(len(nodes.feature), np.int64), np.empty(len(nodes.feature), np.int64)
    tree_nodes = np.empty(len(nodes.roots) + 1, np.int64)
    tables_of.walk(nodes.left, nodes.right, nodes.roots, order, parent, tree_nodes)
    n_way, fresh = np.empty(len(order), np.int64), np.empty(len(order), np.int64)
    tables_of.measure_ways(order, parent, nodes.feature, n_way, fresh)
    if len(n_way) and n_way.max() > tables_of.MOST_WAY:
        return Refused(f"{n_way.max()} features stand on the way to a node, of {tables_of.MOST_WAY} at most")
    for most_bits in _BITS:
        groups, members, bit_of, tree_groups = _group(nodes, order, parent, n_way, fresh, tree_nodes, most_bits)
        n_table, n_values = int(groups.table_from[-1]), int(groups.value_from[-1])
        if 8 * (n_table + n_values) <= most_bytes:
            break
    else:
        needed, room = 8 * (n_table + n_values) / 2**20, most_bytes / 2**20
        return Refused(f"tables of {needed:,.0f} MiB have no room in {room:,.0f} MiB")
    tables, leaf_values = np.zeros(n_table), np.zeros(n_values)
    trees = (parent, nodes.left, nodes.right, nodes.feature, nodes.rows, nodes.value, nodes.leaf_rows)
    rules = tables_of.gauss_rules(tables_of.MOST_WAY)
    tables_of.fill_tables(trees, members, groups, bit_of, rules, tables, leaf_values)
    # Nodes as the loops meet them: those of a tree side by side.
    at = np.empty(len(order), np.int64)
    at[order] = np.arange(len(order))
    groups = groups._replace(step_node=at[groups.step_node])
    return Forest(
        n_features=nodes.n_features,
        base=nodes.base,
        columns=columns,
        nodes=tuple(array[order] for array in asked[:-1]) + asked[-1:],
        trees=(tree_nodes, tree_groups),
        groups=groups,
        tables=tables,
        leaf_values=leaf_values,
    )


def _columns(nodes: Nodes) -> tuple[Columns, tuple[Array, ...]]:
    """Columns of codes, and what each node asks of its own: column, limit, unknown_left, left_at, left."""
    keys, column = np.unique(np.column_stack([nodes.feature, nodes.kind]), axis=0, return_inverse=True)
    column = np.asarray(column).reshape(-1)
    edges, limit = [np.zeros(0)] * len(keys), np.zeros(len(column), np.int64)
    places = [np.zeros(0, np.int64)] * len(keys)
    left_at, left, n_left = np.full(len(column), -1, np.int64), [], 0
    for c, (_, kind) in enumerate(keys):
        at = np.flatnonzero(column == c)
        if kind < 3:
            edges[c], limit[at] = np.unique(nodes.threshold[at], return_inverse=True)
            continue
        sets = [nodes.levels[node] for node in at]
        known = np.unique(np.concatenate(sets)) if sets else np.zeros(0, np.int64)
        places[c] = np.full(int(known.max(initial=-1)) + 2, len(known))
        places[c][known] = np.arange(len(known))
        for node, levels in zip(at, sets, strict=True):
            left_at[node] = n_left
            row = np.zeros(len(known) + 1, np.uint8)
            row[np.searchsorted(known, levels)] = 1
            left.append(row)
            n_left += len(row)
    most = max([len(e) + 1 for e in edges] + [int(p.max(initial=0)) for p in places] + [1])
    small = np.uint8 if most <= 255 else np.uint16
    columns = Columns(
        feature=keys[:, 0].astype(np.int64),
        kind=keys[:, 1].astype(np.int64),
        starts=_ends([len(e) for e in edges]),
        edges=_joined(edges, np.float64),
        place_starts=_ends([len(p) for p in places]),
        places=_joined(places, small),
        unknown=int(np.iinfo(small).max),
    )
    return columns, (column, limit, nodes.unknown_left, left_at, _joined(left, np.uint8))


def _group(
    nodes: Nodes, order: Array, parent: Array, n_way: Array, fresh: Array, tree_nodes: Array, most_bits: int
) -> tuple[Groups, tuple[Array, Array], Array, Array]:
    """Groups of at most so many bits, or of one node; their members, the bit of each node, and the groups of trees."""
    n = len(order)
    size, share = np.zeros(n, np.int64), np.zeros((n, most_bits + 1), np.int64)
    tables_of.choose_groups(order, nodes.left, nodes.right, n_way, fresh, most_bits, float(BLOCK), size, share)
    member_of, tops = np.full(n, -1, np.int64), np.zeros(n, np.int64)
    n_groups = tables_of.list_groups(order, nodes.left, nodes.right, size, share, member_of, tops)
    tops, owner = tops[:n_groups], member_of[order]
    by_group = np.argsort(owner, kind="stable")
    members = order[by_group][int((owner < 0).sum()) :]
    n_members = np.bincount(owner[owner >= 0], minlength=n_groups)
    members_from = _ends(n_members)
    depth = np.zeros(n, np.int64)
    for node in order:
        depth[node] = depth[parent[node]] + 1 if parent[node] >= 0 else 0
    n_steps, n_slots = int((depth[tops] + n_members).sum()), int((n_way[tops] + n_members).sum())
    steps_from, slots_from, bit_of = np.zeros(n_groups + 1, np.int64), np.zeros(n_groups + 1, np.int64), np.zeros(n, np.int64)
    step_node, step_bit, step_left = np.zeros(n_steps, np.int64), np.zeros(n_steps, np.int64), np.zeros(n_steps, np.int64)
    slot_feature, bits = np.zeros(n_slots, np.int64), np.zeros(n_groups, np.int64)
    found = (steps_from, step_node, step_bit, step_left, slots_from, slot_feature, bits, bit_of)
    tables_of.describe_groups(tops, members_from, members, parent, nodes.left, nodes.feature, found)
    sizes = 2**bits
    groups = Groups(
        steps_from, step_node, step_bit, step_left, slots_from, slot_feature[: slots_from[-1]], bits,
        table_from=_ends(sizes * np.diff(slots_from)), value_from=_ends(sizes),
    )
    # Groups are in the order of their trees.
    tree_of = np.searchsorted(tree_nodes, np.arange(n), side="right") - 1
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    tree_groups = np.searchsorted(tree_of[place[tops]], np.arange(len(tree_nodes)), side="left")
    return groups, (members_from, members), bit_of, tree_groups.astype(np.int64)


def _joined(parts: Sequence[Array], kind: Any) -> Array:
    return np.concatenate([np.asarray(part, dtype=kind) for part in parts] or [np.zeros(0, dtype=kind)])


def _ends(sizes: Array | list[int]) -> Array:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)
