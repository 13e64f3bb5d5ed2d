"""The steps of the funnel: for each, the records that enter it, on which day, and what became of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from tierkit.features.asof import build_account_rows
from tierkit.features.deals import known_deals
from tierkit.features.fields import field_values
from tierkit.features.readiness import COVERED
from tierkit.inputs.tables import Tables
from tierkit.proof.funnel_windows import Refusal, Windows
from tierkit.tiering.gates import gate_accounts
from tierkit.tiering.policy import Policy

ACCEPT_DAYS, MEET_DAYS, OPEN_DAYS = 30, 60, 90
"""Days that a lead has to be accepted and to meet, and that a meeting has to become a deal."""
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes
    ----------
    name, says : its key, and what is measured. unit : `rate` (0 or 1 a record), `share`, `days` or `amount`.
    follow_up_days : days a record has to come to its end.
    records : one row per record: entered_at, account_id, source, and value, the outcome within the follow-up (missing
        where the record is not in the figure). For steps judged on a day, `value` is filled by `judge`.
    """

    name: str
    says: str
    unit: Literal["rate", "share", "days", "amount"]
    follow_up_days: int
    records: pd.DataFrame


def funnel_steps(
    tables: Tables, *, through: pd.Timestamp, horizon_days: int | None
) -> Iterator[Step | tuple[str, Refusal]]:
    """The steps that can be told from the tables, in order; of others, why not."""
    if tables.has("funnel", "created_at"):
        yield from _lead_steps(tables)
    else:
        yield "leads", Refusal("no table 'funnel' says when leads were handed over (lead_id, created_at)")
    if horizon_days is None:
        yield "win", Refusal("deals carry no days")
    else:
        yield from _deal_steps(tables, through, horizon_days)


def enrichment(tables: Tables, leads: pd.DataFrame, follow_up_days: int) -> pd.Series | Refusal:
    """For each lead the share of its account's fields that were known when its follow-up ended; dated fields only."""
    day = leads["entered_at"] + follow_up_days * _DAY
    moments = pd.DataFrame(
        {
            "moment": np.arange(len(leads), dtype="int64"),
            "account_id": leads["account_id"],
            "as_of_day": ((day - pd.Timestamp("1970-01-01")) // _DAY).astype("int64"),
        }
    )
    values = field_values(tables, moments)
    dated = [f for f in COVERED if values.known_when.get(f) == "dated"]
    if not dated:
        return Refusal("the account table says only what is known today (account_history is missing)")
    known = values.frame[dated].notna().mean(axis=1)
    listed = leads["account_id"].isin(tables.frame("accounts")["account_id"])
    return pd.Series(known.where(listed.to_numpy()).to_numpy(), leads.index)


def ends_outside(tables: Tables, policy: Policy, leads: pd.DataFrame, windows: Windows) -> pd.Series:
    """For each lead whether its account was suppressed or out of ICP once the last lead of its window had matured."""
    value = pd.Series(np.nan, leads.index)
    follow_up = windows.follow_up_days * _DAY
    for first, last in ((windows.before_from, windows.before_to), (windows.after_from, windows.after_to)):
        inside = leads["entered_at"].between(first, last)
        day = last + follow_up
        rows = build_account_rows(tables, as_of=day).assign(win_prob=0.0, expected_acv=0.0, expected_value=0.0)
        gates = gate_accounts(rows, tables, policy, as_of=day, undated_policy=False).set_index("account_id")["gate"]
        gate = leads.loc[inside, "account_id"].map(gates)
        value[inside] = gate.isin(["suppressed", "out_of_icp"]).astype("float64").where(gate.notna())
    return value


def _lead_steps(tables: Tables) -> Iterator[Step | tuple[str, Refusal]]:
    table = tables.frame("funnel")
    leads = table[table["created_at"].notna()].sort_values(["created_at", "lead_id"], kind="stable", ignore_index=True)
    account = leads["account_id"] if "account_id" in leads else leads["lead_id"]
    base = pd.DataFrame(
        {
            "entered_at": leads["created_at"],
            "account_id": account.fillna(leads["lead_id"]).astype("str"),
            "source": leads["source"].fillna("unknown") if "source" in leads else "all",
        }
    )
    if "accepted_at" in leads:
        took = _days(leads["accepted_at"] - leads["created_at"])
        soon = (took <= ACCEPT_DAYS).astype("float64")
        says = f"accepted within {ACCEPT_DAYS} days"
        yield Step("acceptance", says, "rate", ACCEPT_DAYS, base.assign(value=soon))
        yield Step(
            "days_to_acceptance",
            f"{says}: after how many days",
            "days",
            ACCEPT_DAYS,
            base.assign(value=took.where(soon == 1)),
        )
    else:
        yield "acceptance", Refusal("leads carry no accepted_at")
    if "meeting_at" not in leads:
        yield "lead_to_meeting", Refusal("leads carry no meeting_at")
    else:
        met = (_days(leads["meeting_at"] - leads["created_at"]) <= MEET_DAYS).astype("float64")
        yield Step("lead_to_meeting", f"met within {MEET_DAYS} days", "rate", MEET_DAYS, base.assign(value=met))
        yield from _opportunities(tables, base.assign(entered_at=leads["meeting_at"]))
    named = tables.has_accounts and "account_id" in leads
    because = Refusal("leads name no account of an accounts table")
    if not named:
        yield "enrichment", because
        yield "outside", because
        return
    yield Step("enrichment", "fields of its account known", "share", ACCEPT_DAYS, base)
    yield Step("outside", "ends suppressed or out of ICP", "rate", ACCEPT_DAYS, base)


def _opportunities(tables: Tables, met: pd.DataFrame) -> Iterator[Step | tuple[str, Refusal]]:
    """Whether the account of a lead that met opened a deal from that day on."""
    deals = tables.frame("deals")
    if not (tables.is_dated and deals["account_id"].isin(met["account_id"]).any()):
        yield "meeting_to_opportunity", Refusal("no dated deal is of an account that leads name")
        return
    met = met[met["entered_at"].notna()].sort_values(["entered_at", "account_id"], kind="stable", ignore_index=True)
    opened = deals[["account_id", "opened_at"]].astype({"account_id": object}).sort_values("opened_at", kind="stable")
    asked = met.astype({"account_id": object, "entered_at": opened["opened_at"].dtype})
    found = pd.merge_asof(
        asked, opened, left_on="entered_at", right_on="opened_at", by="account_id", direction="forward"
    )
    within = (_days(found["opened_at"] - found["entered_at"]) <= OPEN_DAYS).astype("float64")
    says = f"a deal opened within {OPEN_DAYS} days of the meeting"
    yield Step("meeting_to_opportunity", says, "rate", OPEN_DAYS, met.assign(value=within.to_numpy()))


def _deal_steps(tables: Tables, through: pd.Timestamp, horizon_days: int) -> Iterator[Step]:
    deals = known_deals(tables, before=through)
    deals = deals[deals["is_new_business"]].reset_index(drop=True)
    due = deals["opened_at"] + horizon_days * _DAY
    won = ((deals["outcome"] == "won") & (deals["closed_at"] <= due)).astype("float64")
    base = pd.DataFrame(
        {
            "entered_at": deals["opened_at"],
            "account_id": deals["account_id"],
            "source": deals["source"].fillna("unknown") if "source" in deals else "all",
        }
    )
    yield Step("win", f"won within {horizon_days} days of opening", "rate", horizon_days, base.assign(value=won))
    if "acv" in deals:
        acv = deals["acv"].where(won == 1)
        yield Step("won_acv", "ACV of a deal so won", "amount", horizon_days, base.assign(value=acv))


def _days(span: "pd.Series[pd.Timedelta]") -> "pd.Series[float]":
    return span.dt.total_seconds() / 86_400
