"""Boosted trees as arrays: exact scores and exact contributions of many rows, a block of rows at a time."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tierkit.models.design import Array
from tierkit.models.forest_codes import Asked, Columns, make_codes
from tierkit.models.forest_groups import Shape, group_nodes, measure
from tierkit.models.forest_loops import add_up
from tierkit.models.forest_tables import Plan, bytes_of, make_plan
from tierkit.models.forest_text import Nodes, Refused, read_nodes
from tierkit.models.strongest import Strongest, group_columns, nothing_kept

MOST_BYTES = 256 * 2**20
"""Room for the tables of one model."""
MOST_WAY = 15
"""Features that may stand on the way to a node: a pattern has 16 bits."""
BLOCK = 4096
"""Rows whose contributions are worked out at a time: so many that a table is used often while it is in the cache."""
_SCORE_BLOCK = 2048
"""Rows scored at a time: tables are small, so that what is known of the rows should stay in the cache too."""
_BITS = 9
"""Bits of a group of nodes, where a single node does not take more."""


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees laid end to end, and their tables.

    Attributes
    ----------
    n_features : columns of the rows. base : expected value over the training rows.
    columns, asked : codes of rows, and what nodes ask of them. tree_nodes : where each tree's nodes begin.
    scores : how values of leaves are looked up. reasons : how contributions are, or why they are left to LightGBM.
    """

    n_features: int
    base: float
    columns: Columns
    asked: Asked
    tree_nodes: Array
    scores: Plan
    reasons: Plan | Refused

    def raw(self, x: Array) -> Array:
        """Sum of the trees, shape (n,), of rows (n, features; missing is NaN, categories are codes)."""
        out = np.empty((len(x), 1))
        self._add_up(x, self.scores, out)
        return out[:, 0]

    def contributions(self, x: Array) -> Array:
        """Exact path-dependent SHAP values of the same rows, shape (n, features) (Lundberg 2020)."""
        out = np.empty((len(x), self.n_features))
        self._add_up(x, self._reasons(), out)
        return out

    def strongest(self, x: Array, k: int, *, family_of: Array, typical: Array, unknown_is_typical: Array) -> Strongest:
        """The k strongest families of each row (`strongest_of`), kept as its block goes by."""
        kept, families = nothing_kept(len(x), k), group_columns(family_of, typical, unknown_is_typical)
        self._add_up(x, self._reasons(), np.empty((0, self.n_features)), families, kept)
        return kept

    def _reasons(self) -> Plan:
        if isinstance(self.reasons, Refused):
            raise ValueError(f"no tables of contributions: {self.reasons.reason}")
        return self.reasons

    def _add_up(self, x: Array, plan: Plan, out: Array, *strongest: Any) -> None:
        if x.ndim != 2 or x.shape[1] != self.n_features:
            raise ValueError(f"rows have shape {x.shape}, but the trees know {self.n_features} features")
        if not strongest:
            none = np.zeros(self.n_features)
            strongest = (group_columns(none - 1, none, none), nothing_kept(0, 0))
        block = _SCORE_BLOCK if plan is self.scores else BLOCK
        codes = np.empty((len(self.columns.feature), block), dtype=self.asked.limit.dtype)
        rows = np.ascontiguousarray(x, dtype=np.float64)
        # Plain tuples: what is compiled is kept on disk, and must not be found under the name of a class that has gone.
        add_up(
            rows,
            codes,
            tuple(self.columns),
            self.tree_nodes,
            tuple(self.asked),
            tuple(plan),
            out,
            *(tuple(part) for part in strongest),
        )


def read_forest(text: str, *, most_bytes: int = MOST_BYTES) -> Forest | Refused:
    """The trees of a LightGBM model, given as its text; the reason where they are left to LightGBM.

    Parameters
    ----------
    most_bytes : room for the tables of contributions; beyond it `reasons` says so, and scores are there all the same.
    """
    nodes = read_nodes(text)
    if isinstance(nodes, Refused):
        return nodes
    shape = measure(nodes)
    columns, asked = make_codes(nodes, shape.order)
    grouped = group_nodes(nodes, shape, _BITS, _SCORE_BLOCK, scores=True)
    return Forest(
        n_features=nodes.n_features,
        base=nodes.base,
        columns=columns,
        asked=asked,
        tree_nodes=shape.tree_nodes,
        scores=make_plan(nodes, shape, grouped, scores=True),
        reasons=_plan_reasons(nodes, shape, most_bytes),
    )


def _plan_reasons(nodes: Nodes, shape: Shape, most_bytes: int) -> Plan | Refused:
    if (most := shape.n_way.max(initial=0)) > MOST_WAY:
        return Refused(f"deep trees: {most} features stand on the way to a node, of {MOST_WAY} at most")
    grouped = group_nodes(nodes, shape, _BITS, BLOCK, scores=False)
    if (needed := bytes_of(grouped)) > most_bytes:
        return Refused(f"large tables: {needed / 2**20:,.0f} MiB, of {most_bytes / 2**20:,.0f} at most")
    return make_plan(nodes, shape, grouped, scores=False)
