"""Children and duplicates: account rows that hold part of what belongs to a firm."""

import numpy as np
import pandas as pd

from tierkit.inputs.sample.crm import number_text
from tierkit.inputs.sample.firms import Firms

_CHILD_SHARE = 0.3
"""Share of a parent's deals and touches filed under its child, once there is one."""
_TWIN_SHARE = 0.05
"""Share of a firm's touches that went to its duplicate."""
_MOVED = {"deals": False, "activities": True, "signals": False}
"""Tables whose rows move to children, and whether some move to duplicates too."""


def add_relatives(
    rng: np.random.Generator, tables: dict[str, pd.DataFrame], firms: Firms, n_accounts: int
) -> dict[str, pd.DataFrame]:
    """The tables with children (some of the parent's deals and touches) and duplicates (same domain, few touches).

    Children have no history of their own: what is known of them is known of the parent.
    """
    n_children, n_duplicates = round(0.03 * n_accounts), round(0.01 * n_accounts)
    large = np.flatnonzero(firms.employees > np.median(firms.employees))
    parent = rng.choice(large, n_children, replace=False)
    twin = rng.choice(firms.n, n_duplicates, replace=False)
    free = np.setdiff1d(np.arange(1, 3 * n_accounts), firms.number)
    numbers = number_text(rng.choice(free, n_children + n_duplicates, replace=False))
    child_id, twin_id = numbers[:n_children], numbers[n_children:]

    accounts = tables["accounts"]
    sites = rng.choice(np.array(["North", "South", "Labs"]), n_children)
    children = accounts.iloc[parent].assign(
        account_id=child_id,
        parent_id=accounts["account_id"].to_numpy()[parent],
        name=[f"{n} {site}" for n, site in zip(firms.name[parent], sites, strict=True)],
        domain=[f"{site.lower()}-{d}" for d, site in zip(firms.domain[parent], sites, strict=True)],
        employees=np.nan,
        annual_revenue=np.nan,
        is_customer=False,
    )
    twins = accounts.iloc[twin].assign(
        account_id=twin_id,
        name=[f"{n} Inc" for n in firms.name[twin]],
        domain=[f"www.{d.upper()}" for d in firms.domain[twin]],
        is_customer=False,
    )
    out = dict(tables)
    out["accounts"] = pd.concat([accounts, children, twins]).sort_values("account_id", ignore_index=True)

    child_of = dict(zip(accounts["account_id"].to_numpy()[parent], child_id, strict=True))
    twin_of = dict(zip(accounts["account_id"].to_numpy()[twin], twin_id, strict=True))
    for name, to_twins in _MOVED.items():
        frame, drawn = tables[name], rng.random(len(tables[name]))
        to_child, to_twin = frame["account_id"].map(child_of), frame["account_id"].map(twin_of)
        doubled = to_twin.notna() & (drawn > 1 - _TWIN_SHARE) & to_twins
        target = to_twin.where(doubled, to_child)
        moved = doubled | (to_child.notna() & (drawn < _CHILD_SHARE))
        out[name] = frame.assign(account_id=frame["account_id"].where(~moved, target))
    history = tables["account_history"]
    origin = pd.DataFrame({"account_id": twin_id, "source": accounts["account_id"].to_numpy()[twin]})
    first = history.drop_duplicates(["account_id", "field"]).rename(columns={"account_id": "source"})
    copied = origin.merge(first, on="source").drop(columns="source")
    out["account_history"] = pd.concat([history, copied]).sort_values(
        ["account_id", "field", "known_at"], kind="stable", ignore_index=True
    )
    return out
