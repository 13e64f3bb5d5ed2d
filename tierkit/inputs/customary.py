"""What CRM exports customarily call the columns of deals, so that a bare export opens without a run sheet."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from tierkit.errors import SheetError
from tierkit.inputs.coercion import as_text
from tierkit.inputs.columns import ROW_NUMBER
from tierkit.inputs.contracts import CONTRACTS, OUTCOMES
from tierkit.inputs.files.reading import nearest, plain_name
from tierkit.inputs.settings import TableSource

NAMES = {
    "deal_id": "Opportunity ID, Deal ID, Record ID, Opportunity Number, Deal Number, Opp ID, Id",
    "account_id": "Account ID, Company ID, Associated Company IDs, Customer ID, Account Name, Company Name, "
    "Associated Company, Account, Company, Organization",
    "outcome": "Outcome, Stage, Stage Name, Deal Stage, Opportunity Stage, Opportunity Result, Status, Deal Status, "
    "Result, Won/Lost",
    "opened_at": "Opened, Open Date, Created Date, Create Date, Created At, Created, Date Created, Created On, "
    "Deal Create Date, Add Time",
    "closed_at": "Closed, Close Date, Closed Date, Closed Time, Closed On, Actual Close Date, Date Closed, End Date",
    "acv": "ACV, Annual Contract Value, ARR, Annual Value",
    "amount": "Amount, Deal Amount, Deal Value, Value, Amount USD, Total Value",
    "deal_type": "Deal Type, Type, Opportunity Type",
}
"""Canonical column: what Salesforce, HubSpot, Dynamics and Pipedrive call it, the likeliest first."""

REPEATED = 0.01
"""Share of repeated ids above which a column is no id of deals."""

_WON = re.compile(r"(?:closed[\s_-]*)?won|win|yes|true|1", re.I)
_LOST = re.compile(
    r"(?:closed[\s_-]*)?(?:lost|lose|loss)|no|false|0|(?:closed[\s_-]*)?(?:abandoned|cancell?ed|disqualified)", re.I
)
_TYPES = {"newbusiness": "new", "new": "new", "newcustomer": "new", "newlogo": "new"} | {
    "existingbusiness": "expansion", "expansion": "expansion", "upsell": "expansion", "crosssell": "expansion",
    "addon": "expansion", "upgrade": "expansion", "renewal": "renewal", "existingcustomer": "expansion",
}  # fmt: skip


@dataclass(frozen=True)
class Customary:
    """A mapping of an export, and how it was read, in a sentence."""

    source: TableSource
    said: str


def customary_deals(
    frame: pd.DataFrame,
    *,
    file: str | None = None,
    stated: Mapping[str, str] | None = None,
    apart: Collection[str] = (),
) -> Customary:
    """Map an export of deals by what CRMs customarily call its columns, and its stages to won, lost and open.

    Parameters
    ----------
    frame : the export as it stands.
    stated : canonical column = column of the export, where custom is wrong or silent.
    apart : columns of the export that are something else, whatever they are called.

    Without an id, or with one that repeats, each row is a deal. A deal type of other words than those known is left
    out.

    Raises
    ------
    SheetError : a stated column is none of the contract, or is not in the export; no column says how deals ended.
    """
    contract = CONTRACTS["deals"]
    header = [str(name) for name in frame.columns]
    plain: dict[str, str] = {}
    for given in header:
        plain.setdefault(plain_name(given), given)
    columns: dict[str, str] = {}
    for name, given in (stated or {}).items():
        if name not in contract:
            near = nearest(name, contract.names)
            raise SheetError(
                f"--column {name}={given}: deals have no {name!r}{f', did you mean {near!r}?' if near else ''}"
            )
        if plain_name(given) not in plain:
            raise SheetError(f"--column {name}={given}: {say_columns(given, header)}")
        columns[name] = plain[plain_name(given)]
    for name, customary in NAMES.items():
        if name in columns or name in header or plain_name(name) in plain:
            continue
        found = [plain[plain_name(known)] for known in customary.split(", ") if plain_name(known) in plain]
        if free := [given for given in found if given not in columns.values() and given not in apart]:
            columns[name] = free[0]
    values: dict[str, dict[str, str]] = {}
    outcome = columns.get("outcome", plain.get("outcome"))
    if outcome is None:
        ends_by = {plain_name(known) for known in NAMES["outcome"].split(", ")}
        if taken := [name for name in apart if plain_name(name) in ends_by]:
            raise SheetError(f"{file or 'deals'}: {taken[0]!r} says how deals ended, so it cannot be judged by that")
        shown = ", ".join(header[:12]) + (" ..." if len(header) > 12 else "")
        raise SheetError(
            f"{file or 'deals'}: no column says how deals ended; name it with --column outcome=NAME (there are {shown})"
        )
    ends = _ends_of(as_text(frame[outcome]))
    if set(ends) - set(OUTCOMES):
        values["outcome"] = ends
    typed = columns.get("deal_type", plain.get("dealtype"))
    if typed is not None:
        kinds = {t: _TYPES.get(plain_name(t)) for t in as_text(frame[typed]).dropna().unique()}
        if all(kinds.values()):
            values["deal_type"] = {t: str(kind) for t, kind in kinds.items()}
        elif columns.get("deal_type") and "deal_type" not in (stated or {}):
            del columns["deal_type"]
    said = []
    key = columns.get("deal_id", plain.get("dealid"))
    if key is not None and "deal_id" not in (stated or {}) and frame[key].duplicated().mean() > REPEATED:
        # Line items, or stages of one deal: together they are one entity.
        if "account_id" not in columns and "accountid" not in plain:
            columns["account_id"] = key
        said.append(f"{key!r} repeats, so each row is a deal of its own")
        key = None
    if key is None:
        columns["deal_id"] = ROW_NUMBER
    said += [f"{name} from {given!r}" for name, given in columns.items() if given != ROW_NUMBER]
    if "outcome" in values:
        ended = {o: [t for t, e in values["outcome"].items() if e == o and t] for o in ("won", "lost")}
        said += [f"{' and '.join(map(repr, terms[:3]))} is {o}" for o, terms in ended.items() if terms]
        said.append("every other end is open")
    return Customary(TableSource(file=file, columns=columns, values=values), ", ".join(said))


def read_pairs(columns: Sequence[str]) -> dict[str, str]:
    """Texts `canonical=name` of the command line as a mapping.

    >>> read_pairs(["outcome = Stage"])
    {'outcome': 'Stage'}
    """
    pairs = [text.partition("=") for text in columns]
    if bad := [name for name, mark, given in pairs if not (name.strip() and mark and given.strip())]:
        raise SheetError(f"--column {bad[0]!r} must read canonical=name, such as outcome=Stage")
    return {name.strip(): given.strip() for name, _, given in pairs}


def say_columns(name: str, known: list[str]) -> str:
    """That a column is missing, with the near names, or the ones there are."""
    near = nearest(name, known)
    shown = ", ".join(known[:12]) + (" ..." if len(known) > 12 else "")
    return f"column {name!r} is missing{f', did you mean {near!r}?' if near else ''} (there are {shown})"


def _ends_of(stage: pd.Series) -> dict[str, str]:
    """For each stage how the deal stands: won and lost by their words, open otherwise."""
    ends = {"": "open"} if stage.isna().any() else {}
    for level in sorted(stage.dropna().unique()):
        ends[level] = end_by_word(level) or "open"
    return ends


def end_by_word(stage: str) -> str | None:
    """`won` or `lost` where a word for it is all a stage says, else None.

    >>> end_by_word("Closed Won"), end_by_word("Negotiation")
    ('won', None)
    """
    return "won" if _WON.fullmatch(stage) else "lost" if _LOST.fullmatch(stage) else None
