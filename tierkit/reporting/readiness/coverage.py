"""How much of each field is filled, the worst first."""

import pandas as pd

from tierkit.features.readiness import enrichment_coverage
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.tables import Tables

LOOKED_AT = ("accounts", "deals", "activities", "contacts", "signals", "reps", "funnel")
"""Tables whose fields are enriched or filled in by people."""
_MAY_BE_EMPTY = frozenset(
    {"parent_id", "rejected_reason", "accepted_at", "meeting_at", "closed_at", "group_key", "currency"}
)
"""Columns whose empty cells say something."""


def field_coverage(tables: Tables) -> pd.DataFrame:
    """How many rows have each field filled.

    Returns
    -------
    One row per table and field, the worst first: table, field, n, n_known, share, share_year_ago (missing without
    history). Accounts count as known on `data_through`; the contract value counts for won deals. What is known only
    once a deal has closed is left out.
    """
    enriched = enrichment_coverage(tables).set_index("field") if tables.has_accounts else pd.DataFrame()
    out = []
    for table in LOOKED_AT:
        if table not in tables.frames:
            continue
        frame, contract = tables.frames[table], CONTRACTS[table]
        for name in frame.columns:
            if (
                name in _MAY_BE_EMPTY
                or name in tables.known_at_close
                or (name in contract and contract[name].required)
                or name in contract.key
            ):
                continue
            if table == "accounts" and name in enriched.index:
                found = enriched.loc[name]
                out.append((table, name, found["n"], found["n_known"], found["share"], found["share_year_ago"]))
                continue
            cells = frame.loc[frame["outcome"] == "won", name] if (table, name) == ("deals", "acv") else frame[name]
            if len(cells):
                known = int(cells.notna().sum())
                out.append((table, str(name), len(cells), known, known / len(cells), float("nan")))
    table_of = pd.DataFrame(out, columns=["table", "field", "n", "n_known", "share", "share_year_ago"])
    return table_of.sort_values(["share", "table", "field"], kind="stable", ignore_index=True)
