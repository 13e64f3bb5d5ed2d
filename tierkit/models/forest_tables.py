"""Tables of what all leaves of a group of nodes say, for every pattern of its bits."""

from typing import Any, NamedTuple

import numpy as np

from tierkit.models.design import Array
from tierkit.models.forest_groups import Grouped, Shape
from tierkit.models.forest_text import Nodes
from tierkit.models.strongest_loops import jit


class Plan(NamedTuple):
    """What the loops do with a block of rows, tree by tree.

    Attributes
    ----------
    tree_groups, tree_slots : where the groups and slots of each tree begin, and where the last ends.
    steps_from, step_node, step_flag, step_left : steps of each group, a multiple of four: a node (of its tree), the
        bit it sets (none in steps that fill up) and the side that leaves it unset.
    size : patterns of each group.
    slot_feature, slot_group, slot_start : tables in the order of trees and features: the feature whose contribution
        they hold (0 for scores), the group (of its tree) and where the table begins.
    tables : all tables, a pattern after the other. constant : what each tree of a single leaf adds to the score.
    """

    tree_groups: Array
    tree_slots: Array
    steps_from: Array
    step_node: Array
    step_flag: Array
    step_left: Array
    size: Array
    slot_feature: Array
    slot_group: Array
    slot_start: Array
    tables: Array
    constant: Array


def bytes_of(grouped: Grouped) -> int:
    """Room that the tables of groups take."""
    return 8 * int((grouped.size * np.diff(grouped.slots_from)).sum())


def make_plan(nodes: Nodes, shape: Shape, grouped: Grouped, *, scores: bool) -> Plan:
    """Groups as the loops take them, and their tables."""
    n_trees, n_slots = len(nodes.roots), np.diff(grouped.slots_from)
    place = np.empty(len(shape.order), np.int64)
    place[shape.order] = np.arange(len(place))
    tree = np.repeat(np.arange(n_trees), np.diff(shape.tree_nodes))[place[grouped.tops]]
    tree_groups = np.searchsorted(tree, np.arange(n_trees + 1))
    group = np.repeat(np.arange(len(n_slots)), n_slots)
    table_from = np.concatenate([[0], np.cumsum(grouped.size * n_slots)]).astype(np.int64)
    start = table_from[group] + grouped.size[group] * (np.arange(len(group)) - grouped.slots_from[group])
    by = np.lexsort((group, grouped.slot_feature, tree[group]))
    tables = np.zeros(table_from[-1])
    trees = (shape.parent, nodes.left, nodes.right, nodes.feature, nodes.rows, nodes.value, nodes.leaf_rows)
    members = (grouped.members_from, grouped.members, grouped.bit_of)
    slots = (grouped.slots_from, grouped.slot_feature, grouped.size, table_from)
    if scores:
        _fill_values(trees, members, slots, tables)
    else:
        _fill_contributions(trees, members, slots, _gauss_rules(), tables)
    n_steps = np.diff(grouped.steps_from)
    steps_from = np.concatenate([[0], np.cumsum(-(-n_steps // 4) * 4)]).astype(np.int64)
    owner = np.repeat(np.arange(len(n_steps)), n_steps)
    to = steps_from[owner] + np.arange(len(owner)) - grouped.steps_from[owner]
    step_node, step_flag, step_left = (np.zeros(steps_from[-1], kind) for kind in (np.int64, np.uint16, np.uint8))
    step_node[to] = place[grouped.step_node] - shape.tree_nodes[tree[owner]]
    step_flag[to], step_left[to] = 1 << grouped.step_bit, grouped.step_left
    return Plan(
        tree_groups,
        np.searchsorted(tree[group[by]], np.arange(n_trees + 1)),
        steps_from,
        step_node,
        step_flag,
        step_left,
        grouped.size,
        grouped.slot_feature[by],
        group[by] - tree_groups[tree[group[by]]],
        start[by],
        tables,
        np.where(nodes.roots < 0, nodes.first_value, 0.0) if scores else np.zeros(n_trees),
    )


@jit
def _fill_values(trees: Any, grouped: Any, slots: Any, tables: Any) -> None:
    """The value of the leaf each pattern of a group leads to; 0 where it leads to none of the group."""
    parent, left, right, _, _, leaf_value, _ = trees
    members_from, member, bit_of = grouped
    _, _, sizes, table_from = slots
    for group in range(len(sizes)):
        top = member[members_from[group]]
        for at in range(members_from[group], members_from[group + 1]):
            for side in range(2):
                node = member[at]
                child = left[node] if side else right[node]
                if child >= 0:
                    continue
                mask, wanted, goes_left = 1 << bit_of[node], (0 if side else 1) << bit_of[node], side == 1
                while node != top:
                    goes_left = left[parent[node]] == node
                    node = parent[node]
                    mask |= 1 << bit_of[node]
                    wanted |= (0 if goes_left else 1) << bit_of[node]
                # Below a root the first bit says that the row does not come this way.
                mask |= 0 if parent[top] < 0 else 1
                for pattern in range(sizes[group]):
                    if pattern & mask == wanted:
                        tables[table_from[group] + pattern] = leaf_value[~child]


@jit
def _tabulate_leaf(value: float, shares: Any, width: int, points: Any, weights: Any, said: Any) -> None:
    """Shapley values of one leaf for every set of satisfied features of its path, into `said[set, feature]`.

    The Shapley value of a feature is the integral from 0 to 1 over t of the product over the other features of
    (share + t (satisfied - share)), times (satisfied - share) of its own (Owen 1972): a polynomial of degree below
    `width`, which Gauss's points give exactly.
    """
    before, after = np.empty(width + 1), np.empty(width + 1)
    for kept in range(1 << width):
        for place in range(width):
            said[kept, place] = 0.0
        for q in range(len(points)):
            before[0] = after[width] = 1.0
            for place in range(width):
                share = shares[place]
                before[place + 1] = before[place] * (share + points[q] * (((kept >> place) & 1) - share))
            for place in range(width - 1, -1, -1):
                share = shares[place]
                after[place] = after[place + 1] * (share + points[q] * (((kept >> place) & 1) - share))
            for place in range(width):
                said[kept, place] += weights[q] * before[place] * after[place + 1]
        for place in range(width):
            said[kept, place] *= value * (((kept >> place) & 1) - shares[place])


@jit
def _fill_contributions(trees: Any, grouped: Any, slots: Any, rules: Any, tables: Any) -> None:
    """Add up the contributions of the leaves of each group, for each of its patterns and features."""
    parent, left, right, feature, rows, leaf_value, leaf_rows = trees
    members_from, member, bit_of = grouped
    slots_from, slot_feature, sizes, table_from = slots
    most = 1
    for group in range(len(sizes)):
        while 1 << most < sizes[group]:
            most += 1
    said = np.empty((1 << most, most))
    places, shares = np.empty(most + 1, dtype=np.int64), np.empty(most + 1)
    masks, wanted = np.empty(most + 1, dtype=np.int64), np.empty(most + 1, dtype=np.int64)
    for group in range(len(sizes)):
        size, first = sizes[group], slots_from[group]
        top = member[members_from[group]]
        for at in range(members_from[group], members_from[group + 1]):
            for side in range(2):
                child = left[member[at]] if side else right[member[at]]
                if child >= 0:
                    continue
                leaf, width = ~child, 0
                # From the leaf up to the root: within the group a bit a node, above it a bit a feature.
                node, goes_left, below, inside = member[at], side, leaf_rows[~child], True
                while node >= 0:
                    place = 0
                    while place < width and slot_feature[first + places[place]] != feature[node]:
                        place += 1
                    if place == width:
                        slot = 0
                        while slot_feature[first + slot] != feature[node]:
                            slot += 1
                        places[place], shares[place], masks[place], wanted[place] = slot, 1.0, 0, 0
                        width += 1
                    shares[place] *= below / rows[node]
                    if inside:
                        masks[place] |= 1 << bit_of[node]
                        wanted[place] |= (0 if goes_left else 1) << bit_of[node]
                    else:
                        masks[place] |= 1 << places[place]
                    below, inside = rows[node], inside and node != top
                    goes_left = parent[node] >= 0 and left[parent[node]] == node
                    node = parent[node]
                points, weights = rules[(width + 1) // 2, 0], rules[(width + 1) // 2, 1]
                half = (width + 1) // 2
                _tabulate_leaf(leaf_value[leaf], shares, width, points[:half], weights[:half], said)
                for pattern in range(size):
                    kept = 0
                    for place in range(width):
                        kept |= ((pattern & masks[place]) == wanted[place]) << place
                    for place in range(width):
                        tables[table_from[group] + places[place] * size + pattern] += said[kept, place]


def _gauss_rules(most: int = 9) -> Array:
    """Points and weights on [0, 1] of 0 to `most` points, shape (most + 1, 2, most)."""
    rules = np.zeros((most + 1, 2, most))
    for n in range(1, most + 1):
        points, weights = np.polynomial.legendre.leggauss(n)
        rules[n, 0, :n], rules[n, 1, :n] = (points + 1) / 2, weights / 2
    return rules
