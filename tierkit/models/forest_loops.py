"""The loops of `forest`, compiled: a block of rows at a time, one tree after the other, one group of its nodes after
the other.

Every step is a plain loop over the rows of a block, so that the compiler can take many rows at once; what a step needs
fits into the caches. Sums are added in the order written, so that the same rows give the same bits.
"""

from typing import Any

import numpy as np

from tierkit.models.strongest_loops import jit, keep_strongest

_TINY = float(np.float32(1e-35))
"""Numbers nearer to 0 are 0 (LightGBM's `kZeroThreshold`)."""
_TILE = 64


@jit
def _encode(x: Any, first: int, n: int, columns: Any, values: Any, codes: Any) -> None:
    """Small whole numbers that decide every node: of a number the count of limits below it, of a category its place.

    `values` gets the rows feature by feature. The highest code there is stands for an unknown number.
    """
    feature, kind, starts, ends, edges, places, unknown = columns
    count = np.empty(_TILE, dtype=np.uint32)
    for begin in range(0, n, _TILE):
        m = min(_TILE, n - begin)
        for f in range(x.shape[1]):
            for i in range(m):
                values[f, begin + i] = x[first + begin + i, f]
        for c in range(len(feature)):
            row, to = values[feature[c], begin : begin + m], codes[c, begin : begin + m]
            if kind[c] == 3:
                known = places[starts[c] : ends[c]]
                other, most = known[len(known) - 1], len(known) - 1
                for i in range(m):
                    v = row[i]
                    # LightGBM cuts a code to a whole number: -0.5 is level 0, and NaN is none.
                    to[i] = known[np.uint64(v)] if v > -1.0 and v < most else other
                continue
            limits = edges[starts[c] : ends[c]]
            _count_below(row, m, limits, count)
            if kind[c] == 2:
                for i in range(m):
                    to[i] = unknown if np.isnan(row[i]) else count[i]
            elif kind[c] == 1:
                for i in range(m):
                    to[i] = count[i] if abs(row[i]) > _TINY else unknown
            else:
                for i in range(m):
                    to[i] = count[i]


@jit
def _count_below(row: Any, n: int, limits: Any, count: Any) -> None:
    """How many of 2^k - 1 rising limits lie below each number, by halving; an unknown number counts as 0."""
    for i in range(n):
        count[i] = 0
    half = (len(limits) + 1) // 2
    while half:
        upper = limits[half - 1 :]
        for i in range(n):
            v = row[i] if abs(row[i]) > _TINY else 0.0
            count[i] += half * (upper[count[i]] < v)
        half //= 2


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
def _look_up(codes: Any, n: int, left: Any, packed: Any) -> None:
    """Which rows go left at sixteen nodes that ask for the same category, a bit each."""
    for i in range(n):
        packed[i] = left[codes[i]]


@jit
def _unpack(packed: Any, n: int, bit: int, goes_left: Any) -> None:
    """Which rows go left at one of the sixteen."""
    flag = np.uint16(1 << bit)
    for i in range(n):
        goes_left[i] = (packed[i] & flag) != 0


@jit
def _mark(pattern: Any, n: int, ways: Any, nodes: Any, sides: Any, flags: Any) -> None:
    """Set the bits of the rows that take the other side, four nodes at a time."""
    none = np.uint16(0)
    for at in range(0, len(nodes), 4):
        w0, w1, w2, w3 = ways[nodes[at]], ways[nodes[at + 1]], ways[nodes[at + 2]], ways[nodes[at + 3]]
        s0, s1, s2, s3 = sides[at], sides[at + 1], sides[at + 2], sides[at + 3]
        f0, f1, f2, f3 = flags[at], flags[at + 1], flags[at + 2], flags[at + 3]
        for i in range(n):
            set01 = (none if w0[i] == s0 else f0) | (none if w1[i] == s1 else f1)
            set23 = (none if w2[i] == s2 else f2) | (none if w3[i] == s3 else f3)
            pattern[i] = (pattern[i] if at else none) | set01 | set23


@jit
def _add(to: Any, n: int, tables: Any, starts: Any, groups: Any, sizes: Any, patterns: Any) -> None:
    """Add to each row the entries of its patterns, four tables at a time."""
    at, count = 0, len(starts)
    while count - at >= 4:
        t0, p0 = tables[starts[at] : starts[at] + sizes[groups[at]]], patterns[groups[at]]
        t1, p1 = tables[starts[at + 1] : starts[at + 1] + sizes[groups[at + 1]]], patterns[groups[at + 1]]
        t2, p2 = tables[starts[at + 2] : starts[at + 2] + sizes[groups[at + 2]]], patterns[groups[at + 2]]
        t3, p3 = tables[starts[at + 3] : starts[at + 3] + sizes[groups[at + 3]]], patterns[groups[at + 3]]
        for i in range(n):
            to[i] += (t0[p0[i]] + t1[p1[i]]) + (t2[p2[i]] + t3[p3[i]])
        at += 4
    if count - at >= 2:
        t0, p0 = tables[starts[at] : starts[at] + sizes[groups[at]]], patterns[groups[at]]
        t1, p1 = tables[starts[at + 1] : starts[at + 1] + sizes[groups[at + 1]]], patterns[groups[at + 1]]
        for i in range(n):
            to[i] += t0[p0[i]] + t1[p1[i]]
        at += 2
    if count > at:
        t0, p0 = tables[starts[at] : starts[at] + sizes[groups[at]]], patterns[groups[at]]
        for i in range(n):
            to[i] += t0[p0[i]]


@jit
def _find_patterns(codes: Any, n: int, begin: int, end: int, asked: Any, a: int, b: int, plan: Any, rooms: Any) -> None:
    """The pattern of each row in the groups from `a` to `b`, those of a tree whose nodes go from `begin` to `end`."""
    column, limit, unknown_left, left_at, left_bit, left, left_sizes, unknown = asked
    _, _, steps_from, step_node, step_flag, step_left, _, _, _, _, _, _ = plan
    packed, ways, patterns = rooms
    for node in range(begin, end):
        c = column[node]
        if left_at[node] < 0:
            _decide(codes[c], n, limit[node], unknown, unknown_left[node], ways[node - begin])
            continue
        if left_bit[node] == 0:
            _look_up(codes[c], n, left[left_at[node] : left_at[node] + left_sizes[c]], packed[c])
        _unpack(packed[c], n, left_bit[node], ways[node - begin])
    for group in range(a, b):
        at, to = steps_from[group], steps_from[group + 1]
        _mark(patterns[group - a], n, ways, step_node[at:to], step_left[at:to], step_flag[at:to])


@jit
def add_up(
    x: Any, codes: Any, columns: Any, tree_nodes: Any, asked: Any, plan: Any, out: Any, families: Any, kept: Any
) -> None:
    """What tables say of rows, (n, features or 1) into `out` where it has rows; else their strongest families."""
    tree_groups, tree_slots, _, _, _, _, size, slot_feature, slot_group, slot_start, tables, constant = plan
    block = codes.shape[1]
    values, sums = np.empty((x.shape[1], block)), np.empty((out.shape[1], block))
    nodes, groups = 1, 1
    for tree in range(len(tree_nodes) - 1):
        nodes = max(nodes, tree_nodes[tree + 1] - tree_nodes[tree])
        groups = max(groups, tree_groups[tree + 1] - tree_groups[tree])
    # Sixteen nodes by category, the nodes of a tree, and its groups.
    packed, ways = np.empty((len(codes), block), dtype=np.uint16), np.empty((nodes, block), dtype=np.uint8)
    patterns = np.empty((groups, block), dtype=np.uint16)
    for first in range(0, x.shape[0], block):
        n = min(block, x.shape[0] - first)
        _encode(x, first, n, columns, values, codes)
        sums[:] = 0.0
        for tree in range(len(tree_nodes) - 1):
            a, b = tree_groups[tree], tree_groups[tree + 1]
            begin, end = tree_nodes[tree], tree_nodes[tree + 1]
            if begin == end and constant[tree] != 0.0:
                for i in range(n):
                    sums[0, i] += constant[tree]
            _find_patterns(codes, n, begin, end, asked, a, b, plan, (packed, ways, patterns))
            at = tree_slots[tree]
            while at < tree_slots[tree + 1]:
                to, feature = at + 1, slot_feature[at]
                while to < tree_slots[tree + 1] and slot_feature[to] == feature:
                    to += 1
                _add(sums[feature], n, tables, slot_start[at:to], slot_group[at:to], size[a:b], patterns)
                at = to
        if len(out):
            for i in range(n):
                for f in range(out.shape[1]):
                    out[first + i, f] = sums[f, i]
        else:
            keep_strongest(sums, values, first, n, families, kept)
