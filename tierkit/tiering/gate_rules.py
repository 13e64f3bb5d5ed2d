"""What takes an account out of the tiers: each rule marks its rows with a code to count by and words to read."""

import difflib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tierkit.errors import SheetError
from tierkit.inputs.identity.domains import covering_domains, normalise_domains
from tierkit.inputs.tables import Tables
from tierkit.tiering.gate_settings import Bound, Gates
from tierkit.tiering.standing import known_rows, with_account_columns

Words = NDArray[np.object_]

GATE_CODES = {
    "passes": "passes every gate",
    "child_account": "a child account, tiered with its parent",
    "excluded_account": "excluded by its account id",
    "excluded_domain": "excluded by its domain",
    "excluded_parent": "excluded with its parent",
    "excluded_kind": "of a kind the sheet excludes",
    "competitor": "a competitor",
    "deal_closed": "a deal that has ended",
    "deal_past_horizon": "a deal open for longer than its horizon",
    "industry_outside": "an industry outside the ICP",
    "country_outside": "a country outside the ICP",
    "too_few_employees": "a headcount under the ICP's",
    "too_many_employees": "a headcount over the ICP's",
    "figure_outside": "another figure outside the ICP",
    "missing_fields": "a required field is not known",
    "not_scored": "no score",
    "nothing_to_rank_by": "no score, and the same fit as all others",
}
"""Every reason code of a gate, and what it says."""


@dataclass(frozen=True)
class Ruled:
    """The code and the words of a rule for each row, both empty where it does not apply."""

    code: Words
    words: Words

    @classmethod
    def where(cls, applies: NDArray[np.bool_], code: str, words: Words | str) -> "Ruled":
        """One code where the rule applies."""
        return cls(np.where(applies, code, "").astype(object), np.where(applies, words, "").astype(object))

    def otherwise(self, other: "Ruled") -> "Ruled":
        """This rule, and the other where it does not apply."""
        here = self.code != ""
        return Ruled(np.where(here, self.code, other.code), np.where(here, self.words, other.words))


def child_of(rows: pd.DataFrame, tables: Tables, out: Ruled) -> Ruled:
    """Children, which their parent stands for; those of a parent that `out` excludes are excluded with it."""
    root = rows["account_id"].map(tables.children.set_index("account_id")["unit_id"]).astype("str")
    child = root.notna().to_numpy(dtype=bool)
    words = ("child_of " + root).to_numpy(dtype=object)
    why = pd.Series(out.words, rows["account_id"].to_numpy(dtype=object), dtype="str")
    with_parent = root.map(why[why != ""]).astype("str")
    said = ("excluded with its parent " + root + ", " + with_parent).to_numpy(dtype=object)
    barred = Ruled.where(child & with_parent.notna().to_numpy(dtype=bool), "excluded_parent", said)
    return barred.otherwise(Ruled.where(child, "child_account", words))


def excluded(rows: pd.DataFrame, tables: Tables, gates: Gates, day: pd.Timestamp, *, undated: bool) -> Ruled:
    """Whom we do not sell to: by account, by domain, competitors, then kinds; the first reason by alphabet of each."""
    rules = known_rows(tables.frame("exclusions"), day, undated=undated).sort_values("reason", kind="stable")
    nobody = np.zeros(len(rows), dtype=bool)
    ruled = Ruled.where(nobody, "", "")
    for key, same in (("account_id", _text), ("domain", normalise_domains)):
        if key not in rules or (values := column_of(rows, tables, key)) is None:
            continue
        named = rules.assign(key=same(rules[key])).dropna(subset="key").drop_duplicates("key").set_index("key")
        # acme.co.uk excludes shop.acme.co.uk too
        keys = covering_domains(same(values), set(named.index)) if key == "domain" else same(values)
        reason = keys.map(named["reason"]).astype("str")
        code = np.where(_same(reason) == "competitor", "competitor", f"excluded_{key.removesuffix('_id')}")
        here = reason.notna().to_numpy(dtype=bool)
        ruled = ruled.otherwise(Ruled(np.where(here, code, "").astype(object), _words(reason, "excluded: ")))
    ruled = ruled.otherwise(_competitors(rows, tables, gates))
    for column, kinds in sorted(gates.exclude.items()):
        value = _stated(rows, tables, column)
        here = _same(value).isin([kind.strip().lower() for kind in kinds]).to_numpy(dtype=bool)
        ruled = ruled.otherwise(Ruled.where(here, "excluded_kind", _words(value, f"excluded: {column} ")))
    return ruled


def _competitors(rows: pd.DataFrame, tables: Tables, gates: Gates) -> Ruled:
    named = {one.strip() for one in gates.competitors}
    plain = {one.lower() for one in named}
    here = rows["account_id"].isin(named).to_numpy(dtype=bool)
    if named and (values := column_of(rows, tables, "name")) is not None:
        here = here | _same(values).isin(plain).to_numpy(dtype=bool)
    if named and (values := column_of(rows, tables, "domain")) is not None:
        domains = set(normalise_domains(pd.Series(sorted(plain), dtype="str")).dropna())
        here = here | covering_domains(normalise_domains(values), domains).notna().to_numpy(dtype=bool)
    name = column_of(rows, tables, "name")
    who = rows["account_id"] if name is None else name.fillna(rows["account_id"])
    return Ruled.where(here, "competitor", _words(who, "competitor: "))


def closed(rows: pd.DataFrame, tables: Tables, standing: pd.DataFrame) -> Ruled:
    """Deals that have ended, where each deal is its own account."""
    ended = rows["account_id"].map(standing["is_closed"]).astype("boolean").fillna(False).to_numpy(dtype=bool)
    return Ruled.where(ended & (not tables.has_accounts), "deal_closed", "deal_closed")


def overdue(rows: pd.DataFrame, tables: Tables, day: pd.Timestamp) -> Ruled:
    """Deals open for longer than their horizon, where each deal is its own account."""
    late = np.zeros(len(rows), dtype=bool)
    if not tables.has_accounts and {"opened_at", "horizon_days"} <= set(rows):
        due = rows["opened_at"] + pd.to_timedelta(rows["horizon_days"].astype("float64"), unit="D")
        late = (due < day).to_numpy(dtype=bool)
    return Ruled.where(late, "deal_past_horizon", "deal_past_horizon")


def outside(rows: pd.DataFrame, tables: Tables, gates: Gates) -> Ruled:
    """Accounts outside the ICP: industry, country, headcount, further figures. What is not known is not outside."""
    ruled = Ruled.where(np.zeros(len(rows), dtype=bool), "", "")
    for column, allowed in (("industry", gates.industries), ("country", gates.countries)):
        if allowed:
            value = _stated(rows, tables, column)
            off = value.notna() & ~_same(value).isin([a.strip().lower() for a in allowed])
            words = _words(value, f"{column} ")
            ruled = ruled.otherwise(Ruled.where(off.to_numpy(dtype=bool), f"{column}_outside", words))
    headcount = Bound.model_construct(min=gates.min_employees, max=gates.max_employees)
    for column, bound in {"employees": headcount, **dict(sorted(gates.bounds.items()))}.items():
        ruled = ruled.otherwise(_out_of_bounds(rows, tables, column, bound))
    return ruled


def _out_of_bounds(rows: pd.DataFrame, tables: Tables, column: str, bound: Bound) -> Ruled:
    ruled = Ruled.where(np.zeros(len(rows), dtype=bool), "", "")
    if bound.min is None and bound.max is None:
        return ruled
    value = pd.to_numeric(_stated(rows, tables, column)).astype("float64")
    if bound.min is not None:
        code = "too_few_employees" if column == "employees" else "figure_outside"
        low = (value < bound.min).to_numpy(dtype=bool)
        ruled = Ruled.where(low, code, f"under {bound.min:,.10g} {column}")
    if bound.max is not None:
        code = "too_many_employees" if column == "employees" else "figure_outside"
        high = (value > bound.max).to_numpy(dtype=bool)
        ruled = ruled.otherwise(Ruled.where(high, code, f"over {bound.max:,.10g} {column}"))
    return ruled


def missing_fields(rows: pd.DataFrame, tables: Tables, gates: Gates) -> Words:
    """The required fields each row lacks, `;` between; empty where it has all."""
    missing = np.full(len(rows), "", dtype=object)
    for field in gates.required:
        value = _stated(rows, tables, field)
        empty = (value.isna() | (value.astype("str") == "")).to_numpy(dtype=bool)
        missing[empty] = [f"{before};{field}" if before else field for before in missing[empty]]
    return missing


def unscored(rows: pd.DataFrame) -> Ruled:
    """Rows without a value, where others have one; where nobody has, tiers rank by fit, if it tells them apart."""
    value = rows["expected_value"].astype("float64")
    if value.isna().all() and "fit_score" in rows:
        value = rows["fit_score"].astype("float64")
        if value.count() > 1 and value.min() == value.max():
            return Ruled.where(np.full(len(rows), True), "nothing_to_rank_by", "nothing to rank by")
    return Ruled.where(value.isna().to_numpy(dtype=bool), "not_scored", "not scored")


def column_of(rows: pd.DataFrame, tables: Tables, column: str) -> pd.Series | None:
    """A column of the rows, else of the account table; None where nobody has it."""
    return with_account_columns(rows, tables, (column,)).get(column)


def _stated(rows: pd.DataFrame, tables: Tables, column: str) -> pd.Series:
    value = column_of(rows, tables, column)
    if value is None:
        near = difflib.get_close_matches(column, [*rows.columns, *tables.frame("accounts").columns], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "; map it in [data.accounts], or drop the gate"
        raise SheetError(f"'tiers.gates' needs the column {column!r}, which no table has{hint}")
    return value


def _text(text: pd.Series) -> pd.Series:
    """Text as it is, since ids tell cases apart; empty is missing."""
    stripped = text.astype("str").str.strip()
    return stripped.where(stripped != "")


def _same(text: pd.Series) -> pd.Series:
    """Text that should match whatever its case."""
    return _text(text).str.lower()


def _words(value: pd.Series, prefix: str) -> Words:
    """`prefix` and the value, empty where it is missing."""
    text = (prefix + value.astype("str")).astype(object)
    return np.asarray(text.where(value.notna(), ""), dtype=object)
