"""Small companies for the tests, as `Tables`."""

import numpy as np
import pandas as pd

from tierkit.inputs.tables import Tables


def make_tables(data_through: str | None = None, **frames: pd.DataFrame) -> Tables:
    """Tables over canonical frames: text columns `str`, `*_at` dates."""
    dressed = {}
    for name, frame in frames.items():
        out = frame.copy()
        for column in out:
            if column.endswith("_at"):
                out[column] = pd.to_datetime(out[column]).astype("datetime64[ns]")
            elif out[column].dtype == object:
                out[column] = out[column].astype("str")
        dressed[name] = out
    return Tables(
        frames=dressed,
        children=pd.DataFrame(columns=["account_id", "unit_id", "name", "depth"]),
        rejected=pd.DataFrame(columns=["table", "file", "line", "column", "rule", "value"]),
        sources=pd.DataFrame(columns=["table", "file", "sha256", "n_rows", "n_rejected"]),
        data_through=None if data_through is None else pd.Timestamp(data_through),
    )


def random_company(seed: int, *, n_accounts: int = 40, days: int = 700) -> dict[str, pd.DataFrame]:
    """Frames of a random company with history, late-known rows and every table the features read."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2024-01-01")

    def day(n: int, low: int = 0) -> pd.Series:
        return pd.Series(start + pd.to_timedelta(rng.integers(low, days, n), unit="D"))

    ids = [f"a{i:03d}" for i in range(n_accounts)]
    accounts = pd.DataFrame(
        {
            "account_id": ids,
            "name": [f"Company {i}" for i in range(n_accounts)],
            "industry": rng.choice(["retail", "software", "energy"], n_accounts),
            "country": rng.choice(["DE", "FR"], n_accounts),
            "owner_id": rng.choice(["r1", "r2"], n_accounts),
            "created_at": start + pd.to_timedelta(rng.integers(-200, days // 2, n_accounts), unit="D"),
        }
    )
    n_changes = n_accounts * 4
    field = rng.choice(["employees", "technologies", "is_customer"], n_changes)
    value = np.where(
        field == "employees",
        rng.integers(1, 5000, n_changes).astype(str),
        np.where(
            field == "technologies",
            rng.choice(["crm;erp", "crm", "cloud;erp", ""], n_changes),
            rng.choice(["true", "false"], n_changes),
        ),
    )
    history = pd.DataFrame({"account_id": rng.choice(ids, n_changes), "known_at": day(n_changes), "field": field})
    history["value"] = value
    accounts = accounts.merge(current_values(history, ids), on="account_id")
    n_touches = n_accounts * 25
    activities = pd.DataFrame(
        {
            "account_id": rng.choice(ids, n_touches),
            "occurred_at": day(n_touches),
            "kind": rng.choice(["email", "meeting", "web_visit"], n_touches),
            "direction": rng.choice(["inbound", "outbound"], n_touches),
            "contact_id": rng.choice([f"c{i}" for i in range(60)], n_touches),
        }
    )
    late = pd.to_timedelta(rng.choice([0, 0, 0, 5, 40], n_touches), unit="D")
    activities["known_at"] = activities["occurred_at"] + late
    n_signals = n_accounts * 3
    signals = pd.DataFrame(
        {
            "account_id": rng.choice(ids, n_signals),
            "occurred_at": day(n_signals),
            "kind": rng.choice(["funding", "executive_hire"], n_signals),
        }
    )
    signals["known_at"] = signals["occurred_at"] + pd.to_timedelta(rng.choice([0, 10], n_signals), unit="D")
    n_deals = n_accounts * 3
    opened = day(n_deals, 100)
    closed = opened + pd.to_timedelta(rng.integers(1, 250, n_deals), unit="D")
    outcome = rng.choice(["won", "lost", "open"], n_deals, p=[0.3, 0.5, 0.2])
    deals = pd.DataFrame(
        {
            "deal_id": [f"d{i:04d}" for i in range(n_deals)],
            "account_id": rng.choice(ids, n_deals),
            "opened_at": opened,
            "outcome": outcome,
            "closed_at": closed.where(outcome != "open"),
            "acv": rng.lognormal(9, 1, n_deals).round(2),
        }
    )
    created = accounts.set_index("account_id")["created_at"]
    deals = deals[deals["opened_at"] >= deals["account_id"].map(created)].reset_index(drop=True)
    return {
        "accounts": accounts,
        "account_history": history,
        "deals": deals,
        "activities": activities,
        "signals": signals,
    }


def current_values(history: pd.DataFrame, ids: list[str]) -> pd.DataFrame:
    """What the account table says once `history` is all that is known."""
    order = history.sort_values(["known_at", "value"], kind="stable")
    last = order.drop_duplicates(["account_id", "field"], keep="last")
    wide = pd.DataFrame(
        {
            field: last[last["field"] == field].set_index("account_id")["value"].reindex(ids)
            for field in ("employees", "technologies", "is_customer")
        }
    )
    return pd.DataFrame(
        {
            "account_id": ids,
            "employees": pd.to_numeric(wide["employees"]).to_numpy(dtype="float64"),
            "technologies": pd.Series(wide["technologies"].replace("", None).to_numpy(), dtype="str"),
            "is_customer": pd.Series(
                wide["is_customer"].map({"true": True, "false": False}).to_numpy(), dtype="boolean"
            ),
        }
    )
