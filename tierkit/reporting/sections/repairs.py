"""Part 8: data to fix, and what learning it would change."""

import re
from collections.abc import Sequence

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.fragments import Field, Fragment, escape, folded, paragraph, section, table, unavailable

GATES = {
    "qualified": "qualified",
    "suppressed": "suppressed",
    "needs_info": "needs information",
    "out_of_icp": "outside the profile",
}
"""The four gates, in the order the page counts them, and what it calls them."""


def rank_missing(gates: pd.DataFrame) -> pd.DataFrame:
    """The fields that accounts lack, by how many could change tier if each were known.

    Parameters
    ----------
    gates : one row per input account; columns gate, missing_fields (separated by ; or ,), value_of_learning
        (optional, above 0 where learning the fields could change the tier).

    Returns
    -------
    One row per field: field, n (accounts that need it), n_could_move. Most valuable first.
    """
    rows = gates[(gates["gate"] == "needs_info") & gates["missing_fields"].notna()]
    worth = rows["value_of_learning"].fillna(0) > 0 if "value_of_learning" in rows else False
    fields = rows["missing_fields"].astype("str").str.split(r"\s*[;,]\s*", regex=True)
    long = pd.DataFrame({"field": fields, "moves": worth}).explode("field")
    long = long[long["field"].str.len() > 0]
    ranked = long.groupby("field", sort=True)["moves"].agg(n="size", n_could_move="sum").reset_index()
    return ranked.sort_values(["n_could_move", "n"], ascending=False, kind="stable", ignore_index=True)


def show_repairs(
    gates: pd.DataFrame | None,
    coverage: pd.DataFrame | None = None,
    *,
    groups: pd.DataFrame | None = None,
    says: Sequence[str] = (),
    n_rejected: int = 0,
    unit: str = "account",
    because: str = "",
) -> Fragment:
    """Where every input account stands, with counts that sum, and which field to fill first.

    Parameters
    ----------
    gates : as `rank_missing` takes it, with gate_reason.
    coverage : as `enrichment_coverage` returns it; columns field, n, n_known, share, share_year_ago
        (optional). None leaves it out.
    groups : as `coverage_by_group` returns it: the same by tier and by source, folded. says : what stands out in it.
    n_rejected : rows set aside at the door.
    unit : what a row of `gates` is called: "account", or "deal" where each deal is its own account.
    """
    if gates is None:
        return unavailable("repairs", because or "no account was gated")
    sizes = gates["gate"].value_counts()
    cells = [(label, int(sizes.get(gate, 0))) for gate, label in GATES.items()]
    cells += [(str(g), int(n)) for g, n in sizes.sort_index().items() if g not in GATES]
    bar = "".join(
        f"<li><b>{escape(words.count(n))}</b> <span>{escape(label)}</span></li>"
        for label, n in [*cells, (f"{unit}s in all", len(gates))]
    )
    parts: list[str | Fragment] = [f'<ul class="gates">{bar}</ul>']
    missing = rank_missing(gates)
    if not missing.empty:
        known = bool(missing["n_could_move"].sum())
        missing["field"] = missing["field"].map(words.field_name)
        parts.append(
            table(
                missing,
                [f for f in _MISSING if known or f.column != "n_could_move"],
                caption="One row per field that accounts lack",
            )
        )
    reasons = _reasons(gates)
    if not reasons.empty:
        parts.append(table(reasons, _REASONS, caption=f"Why {unit}s are not qualified"))
    if coverage is not None and not coverage.empty:
        shown = coverage.assign(field=coverage["field"].map(words.field_name))
        fields = [f for f in _COVERAGE if f.column in shown]
        parts += [paragraph(s) for s in says]
        parts.append(table(shown, fields, caption="Enrichment coverage: one row per field"))
    if groups is not None and not groups.empty:
        inner = "".join(_by_group(part, by) for by, part in groups.groupby("by", sort=False))
        parts.append(folded("Enrichment coverage by tier and by source", inner))
    if n_rejected:
        parts.append(
            paragraph(f"{words.things(n_rejected, 'row was', 'rows were')} set aside at the door: see rejected.csv.")
        )
    return section("repairs", *parts)


_MISSING = (
    Field("field", "Missing field", lead=True),
    Field("n", "Accounts", "count"),
    Field("n_could_move", "Could change tier", "count"),
)
_REASONS = (
    Field("gate_reason", "Reason", lead=True),
    Field("gate", "Gate"),
    Field("n", "Number", "count"),
)
_COVERAGE = (
    Field("field", "Field", lead=True),
    Field("n_known", "Known", "count"),
    Field("n", "Of", "count"),
    Field("share", "Share", "percent"),
    Field("share_year_ago", "A year ago", "percent"),
)


def _by_group(groups: pd.DataFrame, by: object) -> str:
    """A table of one grouping: a row per field, a column per group, shares with their denominators in the head."""
    sizes = groups.groupby("group", sort=False)["n"].max()
    wide = groups.pivot_table(index="field", columns="group", values="share", sort=False).reset_index()
    wide["field"] = wide["field"].map(words.field_name)
    columns = []
    for group, n in sizes.items():
        label = str(group).replace("_", " ")
        columns.append(Field(str(group), f"{label} (of {words.count(n)})", "percent"))
    what = "tier" if by == "tier" else "source"
    lead = Field("field", "Field", lead=True)
    return table(wide, [lead, *columns], caption=f"Share known by {what}: one row per field")


def _reasons(gates: pd.DataFrame, most: int = 12) -> pd.DataFrame:
    """One row per gate and reason other than qualified, the commonest first.

    Children count as one reason, and so do figures of one field; past `most` the rest is one row.
    """
    rows = gates[gates["gate"] != "qualified"]
    reasons = rows["gate_reason"].astype("str")
    reason = reasons.map({one: say_reason(one) for one in reasons.unique()})
    gate = rows["gate"].map(GATES).fillna(rows["gate"])
    sizes = pd.DataFrame({"gate": gate, "gate_reason": reason}).value_counts().rename("n").reset_index()
    sizes = sizes.sort_values(["n", "gate_reason"], ascending=[False, True], kind="stable", ignore_index=True)
    if len(sizes) <= most:
        return sizes
    rest = pd.DataFrame({"gate": [""], "gate_reason": ["other reasons"], "n": [sizes["n"].iloc[most:].sum()]})
    return pd.concat([sizes.head(most), rest], ignore_index=True)


_PLAIN = (
    (r"^child_of .*", "child account, tiered with its parent"),
    (r"^deal_past_horizon$", "open for longer than the horizon"),
    (r"^deal_closed$", "closed"),
    (r" -?[\d.,]+$", ""),
)


def say_reason(reason: object) -> str:
    """The reason of a gate in plain words, without its figure.

    >>> say_reason("child_of A1"), say_reason("missing employees"), say_reason("deal_past_horizon")
    ('child account, tiered with its parent', 'missing headcount', 'open for longer than the horizon')
    """
    said = str(reason)
    for pattern, plain in _PLAIN:
        said = re.sub(pattern, plain, said)
    return " ".join(words.field_name(word) for word in said.split(" "))
