"""Groups of a tree's nodes: what one look-up answers at once.

A group is a connected part of a tree: a top node and some nodes below it. What its leaves add to a score depends on one
bit for the way to the top (whether the row takes it) and on one bit for each node of the group. What they add to
contributions depends on one bit for each distinct feature on the way (whether the row keeps to the way wherever that
feature is asked) and again on one for each node. Either way one table, with a row for each pattern of bits, stands for
all leaves of the group, and the tables of larger groups save look-ups until they no longer fit into the cache.
"""

from typing import Any, NamedTuple

import numpy as np

from tierkit.models.design import Array
from tierkit.models.forest_text import Nodes
from tierkit.models.strongest_loops import jit


class Shape(NamedTuple):
    """Nodes in an order that has parents first, tree by tree, and where each tree begins.

    Of each node its parent (-1 at a root), the count of nodes and of distinct features on the way to it, and whether
    its own feature is none of those.
    """

    order: Array
    tree_nodes: Array
    parent: Array
    depth: Array
    n_way: Array
    fresh: Array


class Grouped(NamedTuple):
    """Groups in the order of trees: tops and members, steps that set bits, features they speak of, patterns."""

    tops: Array
    members_from: Array
    members: Array
    bit_of: Array
    steps_from: Array
    step_node: Array
    step_bit: Array
    step_left: Array
    slots_from: Array
    slot_feature: Array
    size: Array


def measure(nodes: Nodes) -> Shape:
    """The shape of trees."""
    n = len(nodes.feature)
    shape = Shape(*(np.empty(m, np.int64) for m in (n, len(nodes.roots) + 1, n, n, n, n)))
    walk(nodes.left, nodes.right, nodes.roots, shape.order, shape.parent, shape.tree_nodes)
    measure_ways(shape.order, shape.parent, nodes.feature, shape.depth, shape.n_way, shape.fresh)
    return shape


def group_nodes(nodes: Nodes, shape: Shape, most_bits: int, rows: int, *, scores: bool) -> Grouped:
    """Groups of at most so many bits, or of one node, for blocks of so many rows.

    For scores the way to a group is one bit, and the one thing it speaks of is the score, feature 0.
    """
    n, order, feature = len(shape.order), shape.order, nodes.feature
    n_way, fresh = shape.n_way, shape.fresh
    if scores:
        n_way, fresh, feature = np.minimum(shape.depth, 1), np.zeros(n, np.int64), np.zeros(n, np.int64)
    size, share = np.zeros(n, np.int64), np.zeros((n, most_bits + 1), np.int64)
    choose_groups(order, nodes.left, nodes.right, n_way, fresh, most_bits, float(rows), size, share)
    owner, tops = np.full(n, -1, np.int64), np.zeros(n, np.int64)
    n_groups = list_groups(order, nodes.left, nodes.right, size, share, owner, tops)
    tops, owner = tops[:n_groups], owner[order]
    members = order[np.argsort(owner, kind="stable")][int((owner < 0).sum()) :]
    n_members = np.bincount(owner[owner >= 0], minlength=n_groups)
    n_steps, n_slots = int((shape.depth[tops] + n_members).sum()), int((n_way[tops] + n_members).sum())
    sizes = (n, n_groups + 1, n_steps, n_steps, n_steps, n_groups + 1, n_slots, n_groups)
    found = tuple(np.zeros(m, np.int64) for m in sizes)
    describe_groups(tops, _ends(n_members), members, shape.parent, nodes.left, feature, found)
    bit_of, steps_from, step_node, step_bit, step_left, slots_from, slot_feature, bits = found
    steps = (steps_from, step_node, step_bit, step_left)
    return Grouped(tops, _ends(n_members), members, bit_of, *steps, slots_from, slot_feature[: slots_from[-1]], 2**bits)


def _ends(sizes: Array) -> Array:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


@jit
def walk(left: Any, right: Any, roots: Any, order: Any, parent: Any, tree_nodes: Any) -> None:
    """Nodes in an order that has parents first, tree by tree, and the parent of each."""
    stack, done = np.empty(len(left) + 1, dtype=np.int64), 0
    for tree in range(len(roots)):
        tree_nodes[tree] = done
        held = 0
        if roots[tree] >= 0:
            parent[roots[tree]] = -1
            stack[0], held = roots[tree], 1
        while held:
            held -= 1
            node = stack[held]
            order[done] = node
            done += 1
            for child in (right[node], left[node]):
                if child >= 0:
                    parent[child] = node
                    stack[held] = child
                    held += 1
    tree_nodes[len(roots)] = done


@jit
def measure_ways(order: Any, parent: Any, feature: Any, depth: Any, n_way: Any, fresh: Any) -> None:
    """Of each node the nodes above it, the count of distinct features above it, and whether its own is none of them."""
    for at in range(len(order)):
        node = order[at]
        above, fresh[node] = parent[node], 1
        depth[node] = 0 if above < 0 else depth[above] + 1
        n_way[node] = 0 if above < 0 else n_way[above] + fresh[above]
        while above >= 0:
            if feature[above] == feature[node]:
                fresh[node] = 0
                break
            above = parent[above]


@jit
def choose_groups(
    order: Any, left: Any, right: Any, n_way: Any, fresh: Any, most_bits: int, rows: float, size: Any, share: Any
) -> None:
    """Cut trees into groups that cost least to look up.

    `size` gets the count of nodes of the group were this node its top; 0 where it needs none, since both of its
    children are tops. `share[node, s]` gets how many of `s` nodes of a group, of which this is the first, lie left.

    A group costs a look-up for each feature it speaks of and a tenth for each bit, and that its tables come into the
    cache once for `rows` rows. `cost[node, s]` is the least cost of what lies below a node were s nodes from it on in
    the group of its parent; counts of features are those of the way down, an upper bound where two sides ask alike.
    """
    cost, alone = np.full((len(left), most_bits + 1), np.inf), np.zeros(len(left))
    for at in range(len(order) - 1, -1, -1):
        node = order[at]
        a, b = left[node], right[node]
        for s in range(1, most_bits + 1):
            for s_left in range(s):
                if (a < 0 and s_left) or (b < 0 and s - 1 - s_left):
                    continue
                below = (cost[a, s_left] if a >= 0 else 0.0) + (cost[b, s - 1 - s_left] if b >= 0 else 0.0)
                if below + fresh[node] < cost[node, s]:
                    cost[node, s], share[node, s] = below + fresh[node], s_left
        best = np.inf
        for s in range(1, most_bits + 1):
            bits = n_way[node] + s
            if s > 1 and bits > most_bits:
                break
            lines = 2.0**bits / 8.0
            own = cost[node, s] + n_way[node] + 0.1 * bits + lines * (n_way[node] + s) * 10.0 / rows
            if own < best:
                best, size[node] = own, s
        if a >= 0 and b >= 0 and alone[a] + alone[b] < best:
            best, size[node] = alone[a] + alone[b], 0
        alone[node] = best
        cost[node, 0] = best


@jit
def list_groups(order: Any, left: Any, right: Any, size: Any, share: Any, member_of: Any, groups: Any) -> int:
    """The top of each group into `groups`, in the order of trees, and of each node the number of its group or -1.

    Returns their count.
    """
    found = 0
    # How many nodes of its parent's group a node takes with itself; 0 for a top.
    taken = np.zeros(len(left), dtype=np.int64)
    for at in range(len(order)):
        node = order[at]
        s, group = taken[node], member_of[node]
        if not s:
            s, group = size[node], -1
            if s:
                group = found
                groups[found] = node
                found += 1
        member_of[node] = group
        s_left = share[node, s] if s else 0
        for child, n in ((left[node], s_left), (right[node], s - 1 - s_left if s else 0)):
            if child >= 0:
                taken[child], member_of[child] = n, group
    return found


@jit
def _place(slot_feature: Any, first: int, slot: int, feature: int) -> int:
    """Where a feature stands among those from `first` to `slot`; there it is put if it does not."""
    place = first
    while place < slot and slot_feature[place] != feature:
        place += 1
    slot_feature[place] = feature
    return place


@jit
def describe_groups(
    tops: Any, members_from: Any, members: Any, parent: Any, left: Any, feature: Any, found: Any
) -> None:
    """What to ask of a row for each group: the steps that set its bits, and the features it speaks of.

    A step is a node, a bit, and the side that leaves the bit unset: for a node above the group the side of the way, so
    that the bit of a feature says that the row leaves the way; for a node of the group, left.
    """
    bit_of, steps_from, step_node, step_bit, step_left, slots_from, slot_feature, bits = found
    way = np.empty(len(parent) + 1, dtype=np.int64)
    step = slot = 0
    for group in range(len(tops)):
        length, node = 0, tops[group]
        while parent[node] >= 0:
            way[length] = node
            length += 1
            node = parent[node]
        first = slot
        for at in range(length - 1, -1, -1):
            node = parent[way[at]]
            place = _place(slot_feature, first, slot, feature[node])
            slot = max(slot, place + 1)
            step_node[step], step_bit[step], step_left[step] = node, place - first, left[node] == way[at]
            step += 1
        n_bits = slot - first
        for at in range(members_from[group], members_from[group + 1]):
            node = members[at]
            slot = max(slot, _place(slot_feature, first, slot, feature[node]) + 1)
            step_node[step], step_bit[step], step_left[step], bit_of[node] = node, n_bits, 1, n_bits
            step, n_bits = step + 1, n_bits + 1
        bits[group] = n_bits
        steps_from[group + 1], slots_from[group + 1] = step, slot
