"""Boosted trees as arrays: exact scores and exact contributions of many rows, a block of rows at a time."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tierkit.models import forest_tables as tables_of
from tierkit.models.design import Array
from tierkit.models.forest_codes import Asked, Columns, make_codes
from tierkit.models.forest_loops import BLOCK, add_contributions, add_values
from tierkit.models.forest_text import Refused, read_nodes
from tierkit.models.strongest import Strongest, group_columns, nothing_kept

MOST_BYTES = 256 * 2**20
"""Room for the tables of one model."""
_BITS = (9, 8, 7)
"""Bits of a group of nodes: the first whose tables have room. More bits mean fewer look-ups in larger tables."""


class Groups(NamedTuple):
    """Steps that set the bits of a row's pattern in each group: node (of its tree), bit and side that leaves it unset."""

    steps_from: Array
    step_node: Array
    step_flag: Array
    step_left: Array
    size: Array


class Slots(NamedTuple):
    """Tables of contributions, in the order of trees and features: feature, group (of its tree), where it begins."""

    feature: Array
    group: Array
    start: Array
    tables: Array


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees laid end to end, and their tables.

    Attributes
    ----------
    n_features : columns of the rows. base : expected value over the training rows.
    columns, asked : codes of rows, and what nodes ask of them.
    trees : where the nodes, groups and slots of each tree begin, and where the last ends.
    groups, slots : as above. value_from, leaf_values : where each group's leaf values begin, and they: of a pattern
        the value of the leaf it leads to, 0 where it leads out of the group.
    """

    n_features: int
    base: float
    columns: Columns
    asked: Asked
    trees: tuple[Array, Array, Array]
    groups: Groups
    slots: Slots
    value_from: Array
    leaf_values: Array

    def raw(self, x: Array) -> Array:
        """Sum of the trees, shape (n,), of rows (n, features; missing is NaN, categories are codes)."""
        x, out = self._rows(x), np.zeros(len(x))
        model = (self._codes(), self.columns, self.asked, self.trees, self.groups)
        add_values(x, *model, self.value_from, self.leaf_values, out)
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
        model = (self._codes(), self.columns, self.asked, self.trees, self.groups)
        add_contributions(x, *model, self.slots, out, families, kept)

    def _codes(self) -> Array:
        return np.empty((len(self.columns.feature), BLOCK), dtype=self.asked.limit.dtype)

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
    shape = tables_of.measure(nodes)
    if (most := shape.n_way.max(initial=0)) > tables_of.MOST_WAY:
        return Refused(f"{most} features stand on the way to a node, of {tables_of.MOST_WAY} at most")
    for most_bits in _BITS:
        grouped = tables_of.group_nodes(nodes, shape, most_bits, BLOCK)
        if grouped.n_bytes <= most_bytes:
            break
    else:
        needed, room = grouped.n_bytes / 2**20, most_bytes / 2**20
        return Refused(f"tables of {needed:,.0f} MiB have no room in {room:,.0f} MiB")
    columns, asked = make_codes(nodes, shape.order)
    tables, leaf_values = tables_of.make_tables(nodes, shape, grouped)
    n_trees, counts = len(nodes.roots), np.diff(grouped.slots_from)
    tree_of = np.repeat(np.arange(n_trees), np.diff(shape.tree_nodes))
    place = np.empty(len(tree_of), np.int64)
    place[shape.order] = np.arange(len(tree_of))
    group_tree = tree_of[place[grouped.tops]]
    tree_groups = np.searchsorted(group_tree, np.arange(n_trees + 1))
    slot_group = np.repeat(np.arange(len(counts)), counts)
    slot_start = grouped.table_from[slot_group] + grouped.size[slot_group] * (
        np.arange(len(slot_group)) - grouped.slots_from[slot_group]
    )
    by = np.lexsort((slot_group, grouped.slot_feature, group_tree[slot_group]))
    slot_tree = group_tree[slot_group[by]]
    slots = Slots(
        grouped.slot_feature[by], slot_group[by] - tree_groups[slot_tree], slot_start[by], tables
    )
    # Steps by fours, so that the loops take four at a time: those added set no bit.
    n_steps = np.diff(grouped.steps_from)
    steps_from = np.concatenate([[0], np.cumsum(-(-n_steps // 4) * 4)])
    step_group = np.repeat(np.arange(len(n_steps)), n_steps)
    to = steps_from[step_group] + np.arange(len(step_group)) - grouped.steps_from[step_group]
    step_node, step_flag = np.zeros(steps_from[-1], np.int64), np.zeros(steps_from[-1], np.uint16)
    step_left = np.zeros(steps_from[-1], np.uint8)
    step_node[to] = place[grouped.step_node] - shape.tree_nodes[group_tree[step_group]]
    step_flag[to], step_left[to] = 1 << grouped.step_bit, grouped.step_left
    return Forest(
        n_features=nodes.n_features,
        base=nodes.base,
        columns=columns,
        asked=asked,
        trees=(shape.tree_nodes, tree_groups, np.searchsorted(slot_tree, np.arange(n_trees + 1))),
        groups=Groups(steps_from, step_node, step_flag, step_left, grouped.size),
        slots=slots,
        value_from=grouped.value_from,
        leaf_values=leaf_values,
    )
