"""Put the company together, and write it to a folder."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.sample import activities, crm, deals, policy, truth
from tierkit.inputs.sample.calendar import Texts, build_calendar, to_dates
from tierkit.inputs.sample.family import add_relatives
from tierkit.inputs.sample.firms import simulate_firms

DEMO_SEED = 20261031
_PARQUET = ("activities", "account_history")
_GZIP = ("accounts", "deals", "contacts", "signals", "tier_history", "funnel")


@dataclass(frozen=True)
class Sample:
    """A simulated company.

    Attributes
    ----------
    frames : canonical tables by name, as a CRM would export them.
    truth : what no notebook may read: `deals` (one row per new-business deal: chances, expected ACV, tier in use),
        `panel` (one row per firm and month end: open_prob, win_prob, expected_acv, expected_value over 180 days),
        `firms` (hidden state and parameters), `missing` (account_id, field, cause).
    """

    frames: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]


def simulate_company(
    *,
    seed: int,
    n_accounts: int = 4000,
    n_reps: int = 8,
    months: int = 36,
    until: str = "2026-10-31",
    tiering_effect: float = 0.5,
) -> Sample:
    """A company of `n_accounts` account rows over `months` months that end on `until`.

    Parameters
    ----------
    seed : the same seed gives the same values; different seeds give unrelated companies.
    n_accounts : account rows, children (3 %) and duplicates (1 %) included; at least 100.
    n_reps : sellers.
    months : reported months. Deals begin 6 months earlier and activities 12, so that the first month has a past.
    until : last day of the data, the last day of a month.
    tiering_effect : log-odds that the tier set by hand from the middle of the months adds to opening and to winning
        in Tier 1; 0 switches it off and leaves all luck as it was.

    Returns
    -------
    Sample with frames that pass the contracts, and the truth behind them.
    """
    if n_accounts < 100 or n_reps < 1 or months < 12:
        raise ValueError("a company needs at least 100 accounts, 1 rep and 12 months")
    calendar = build_calendar(months, until)
    rngs = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(17)]
    n_firms = n_accounts - round(0.03 * n_accounts) - round(0.01 * n_accounts)
    firms = simulate_firms(rngs[0], n_firms, n_reps, calendar, n_accounts)
    tiers = deals.hand_set_tiers(rngs[1], firms, calendar)
    reps = rngs[2].normal(0, deals.WIN_REP_SD, n_reps)
    new = deals.simulate_new_business(rngs[3], firms, calendar, tiers, reps, tiering_effect)
    existing, left_on = deals.simulate_existing_business(rngs[4], new, calendar, firms.n)
    won_on = crm.first_wins(new, calendar, firms.n)

    ids = crm.number_text(firms.number)
    history, missing = crm.simulate_history(rngs[5], firms, calendar, won_on, left_on)
    contacts = crm.simulate_contacts(rngs[6], firms, calendar, won_on)
    touches = activities.simulate_activities(rngs[7], firms, calendar, tiers, new)
    described = activities.describe_activities(rngs[8], touches, tiers, calendar, contacts)
    described.insert(0, "firm", touches["firm"])
    deal_table, deal_truth = crm.deal_rows(rngs[9], firms, calendar, new, existing)
    contact_table = contacts.assign(known_at=to_dates(contacts["known"].to_numpy()))
    history_table = history.assign(known_at=to_dates(history["known"].to_numpy()))
    tables = {
        "accounts": crm.account_rows(firms, history),
        "account_history": history_table,
        "deals": deal_table,
        "activities": described,
        "contacts": contact_table,
        "signals": policy.signal_rows(rngs[10], firms, calendar),
        "reps": policy.rep_rows(n_reps, calendar),
        "strategic": policy.strategic_rows(rngs[11], firms, calendar),
        "overrides": policy.override_rows(rngs[12], firms, calendar, n_reps),
        "exclusions": policy.exclusion_rows(rngs[13], firms, calendar),
        "funnel": policy.lead_rows(rngs[14], firms, calendar, new, tiering_effect),
        "tal": policy.target_rows(rngs[16], firms, calendar),
        "tier_history": policy.tier_rows(firms, calendar, tiers),
    }
    tables = {k: v.assign(account_id=ids[v["firm"]]) if "firm" in v else v for k, v in tables.items()}
    tables = add_relatives(rngs[15], tables, firms, n_accounts)
    frames = {k: _canonical(k, v) for k, v in tables.items()}

    panel = truth.panel_truth(firms, calendar, new, tiers, reps, tiering_effect, ids)
    hidden = pd.DataFrame({"account_id": ids, "fit": firms.fit, "employees": firms.employees, "effort": firms.effort})
    truths = {
        "deals": _with_account(deal_truth, ids, at=1),
        "panel": panel,
        "missing": _with_account(missing, ids, at=0),
        "firms": hidden,
    }
    return Sample(frames, truths)


def write_sample(sample: Sample, folder: str | Path) -> None:
    """Write the tables, never the truth: Parquet for the long ones, CSV or gzipped CSV for the rest.

    The same sample gives the same bytes: gzip members carry no time.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in sample.frames.items():
        if name in _PARQUET:
            frame.to_parquet(folder / f"{name}.parquet", compression="zstd", compression_level=19, index=False)
            continue
        text = _whole_numbers(frame).to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n").encode()
        if name in _GZIP:
            (folder / f"{name}.csv.gz").write_bytes(gzip.compress(text, 9, mtime=0))
        else:
            (folder / f"{name}.csv").write_bytes(text)


def _with_account(frame: pd.DataFrame, ids: Texts, *, at: int) -> pd.DataFrame:
    out = frame.drop(columns="firm")
    out.insert(at, "account_id", ids[frame["firm"]])
    return out


def _whole_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers without a fraction as integers, so that a file says 12 and not 12.0."""
    numbers = frame.select_dtypes("float64")
    whole = [c for c in numbers if ((numbers[c] % 1 == 0) | numbers[c].isna()).all()]
    return frame.astype(dict.fromkeys(whole, "Int64"))


def _canonical(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of the contract in order, further ones after them, in their canonical types."""
    contract = CONTRACTS[table]
    known = [c for c in contract.names if c in frame]
    extra = [c for c in frame.columns if c not in contract and c not in ("firm", "known")]
    out = frame[known + extra].copy()
    for name in known:
        kind = contract[name].kind
        if kind in ("id", "text"):
            out[name] = out[name].astype("str")
        elif kind == "flag":
            out[name] = out[name].astype("boolean")
        elif kind != "date":
            out[name] = out[name].astype("float64")
    return out.reset_index(drop=True)
