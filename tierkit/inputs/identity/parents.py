"""Parents and children: the tree whose roots are the units that are tiered."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.identity.domains import covering_domains

_CHILDREN = ("account_id", "unit_id", "name", "depth")


@dataclass(frozen=True)
class Units:
    """Tables whose accounts are roots of the parent tree.

    Attributes
    ----------
    frames : the tables; rows of children moved up to their root.
    children : one row per account below a root: account_id, unit_id, name, depth (1 is directly below).
    notes : what was read right but not as it stood.
    """

    frames: dict[str, pd.DataFrame]
    children: pd.DataFrame
    notes: tuple[str, ...] = ()


def roll_up(frames: Mapping[str, pd.DataFrame]) -> Units:
    """Move every row of a child account up to the root of its tree.

    Parameters
    ----------
    frames : canonical tables; without accounts, or without parent_id, nothing moves.

    Returns
    -------
    Roots only in accounts, with a parent_id only where the parent is not an account, `account_id` of every other table
    that of the root, of account_history the root's own rows alone: a child's headcount is not its parent's. An
    exclusion of a child's domain names the root.

    Raises
    ------
    TableError : accounts are parents of each other in a circle.
    """
    accounts = frames.get("accounts")
    if accounts is None or "parent_id" not in accounts:
        return Units(dict(frames), _no_children())
    ids = set(accounts["account_id"])
    parents = accounts.set_index("account_id")["parent_id"].dropna()
    parents = parents[parents != parents.index]
    unknown = ~parents.isin(ids)
    notes = []
    if unknown.any():
        notes.append(f"accounts: {int(unknown.sum()):,} rows name a parent that is not there; they stand on their own")
    root, depth = find_roots(dict(zip(parents.index[~unknown], parents[~unknown], strict=True)))
    outside = accounts["account_id"].map(parents[unknown]).astype("str")
    accounts = accounts.assign(parent_id=outside) if unknown.any() else accounts.drop(columns="parent_id")
    if not root:
        return Units({**frames, "accounts": accounts}, _no_children(), tuple(notes))
    below = accounts["account_id"].isin(root)
    children = pd.DataFrame({"account_id": accounts.loc[below, "account_id"]})
    children["unit_id"] = children["account_id"].map(root).astype("str")
    children["name"] = accounts["name"] if "name" in accounts else pd.Series(dtype="str")
    children["depth"] = children["account_id"].map(depth).astype("int64")
    moved = {}
    for table, frame in frames.items():
        if table == "accounts":
            moved[table] = accounts[~below]
        elif table == "account_history":
            moved[table] = frame[~frame["account_id"].isin(root)]
        elif "account_id" in frame:
            codes, own = pd.factorize(frame["account_id"])
            above = np.array([*(root.get(account, account) for account in own), None], dtype=object)
            moved[table] = frame.assign(account_id=pd.Series(above[codes], frame.index, dtype="str"))
        else:
            moved[table] = frame
    if "exclusions" in moved and "domain" in accounts:
        moved["exclusions"] = exclude_roots(moved["exclusions"], accounts[below], root)
    notes.append(f"accounts: {len(children):,} children were rolled up to their parents")
    children = children.sort_values("account_id", kind="stable").reset_index(drop=True)
    return Units(moved, children[list(_CHILDREN)], tuple(notes))


def find_roots(parent: dict[str, str]) -> tuple[dict[str, str], dict[str, int]]:
    """Root and depth of every account that has a parent."""
    root: dict[str, str] = {}
    depth: dict[str, int] = {}
    for account in parent:
        path = [account]
        while path[-1] in parent and path[-1] not in root:
            if len(path) > 1 and path[-1] in path[:-1]:
                circle = path[path.index(path[-1]) :]
                raise TableError(f"accounts: 'parent_id' runs in a circle, {' -> '.join(circle)} (mend it in the CRM)")
            path.append(parent[path[-1]])
        top, below = root.get(path[-1], path[-1]), depth.get(path[-1], 0)
        for step, member in enumerate(reversed(path[:-1]), start=1):
            root[member], depth[member] = top, below + step
    return root, depth


def exclude_roots(exclusions: pd.DataFrame, children: pd.DataFrame, root: Mapping[str, str]) -> pd.DataFrame:
    """Exclusions of a child's domain with the account_id of its root: only roots keep a domain to be matched by.

    `children` has account_id and domain, `root` the root of each; a rule that covers domains of several roots is
    repeated for each.
    """
    if "domain" not in exclusions:
        return exclusions
    known = children.dropna(subset="domain")
    covering = covering_domains(known["domain"], set(exclusions["domain"].dropna()))
    found = pd.DataFrame({"domain": covering, "_root": known["account_id"].map(root).astype("str")})
    found = found.dropna().drop_duplicates().sort_values(["domain", "_root"], kind="stable")
    if found.empty:
        return exclusions
    first = found.drop_duplicates("domain").set_index("domain")["_root"]
    named = exclusions.get("account_id", pd.Series(None, exclusions.index, dtype="str"))
    rules = exclusions.assign(account_id=named.fillna(exclusions["domain"].map(first).astype("str")))
    again = found[found.duplicated("domain")]
    if again.empty:
        return rules
    further = rules[named.isna()].merge(again, on="domain")
    further = further.assign(account_id=further["_root"]).drop(columns="_root")
    return pd.concat([rules, further], ignore_index=True)


def _no_children() -> pd.DataFrame:
    return pd.DataFrame({n: pd.Series(dtype="int64" if n == "depth" else "str") for n in _CHILDREN})
