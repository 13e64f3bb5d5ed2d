"""Random and hand-made books of accounts for the tests of tiering and of whoever builds on it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.tables import Tables
from tierkit.tiering.policy import Policy

AS_OF = pd.Timestamp("2026-10-31")


def tables_of(*, children: pd.DataFrame | None = None, **frames: Any) -> Tables:
    """Tables from rows by table name (frames, or lists of dicts), with the dtypes that `open_tables` gives."""
    return Tables(
        frames={name: _typed(name, rows) for name, rows in frames.items()},
        children=pd.DataFrame(columns=["account_id", "unit_id", "name", "depth"], dtype="str")
        if children is None
        else children,
        rejected=pd.DataFrame(),
        sources=pd.DataFrame(),
    )


def accounts_of(n: int, **columns: Any) -> pd.DataFrame:
    """`n` accounts A0000, A0001, ..."""
    return pd.DataFrame({"account_id": [f"A{i:04d}" for i in range(n)], **columns})


def scores_of(values: Mapping[str, float], **columns: Any) -> pd.DataFrame:
    """Scores with a stated expected value by account_id; win_prob 0.25."""
    value = np.array(list(values.values()), dtype=float)
    return pd.DataFrame({"account_id": list(values), "win_prob": 0.25, "expected_acv": value * 4, **columns})


@st.composite
def books(draw: st.DrawFn, max_accounts: int = 60) -> tuple[pd.DataFrame, Tables, Policy]:
    """Gated scores, tables with claims, signals, overrides and perhaps reps, and a policy that fits them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, n_reps = draw(st.integers(1, max_accounts)), draw(st.integers(0, 4))
    n_tiers = draw(st.integers(2, 4))
    ids = np.array([f"A{i:04d}" for i in range(n)])
    owners = np.array([f"R{i}" for i in range(n_reps)] + [None], dtype=object)
    slots = rng.integers(1, 9, n_reps)
    held = int(slots.sum()) if n_reps else 25
    strategic = min(draw(st.integers(0, 3)), held // 3)
    share = draw(st.sampled_from([0.0, 0.15, 0.5]))
    room = int((held - strategic) / (1 + share))
    given = n_tiers == 4 or draw(st.booleans())
    policy = Policy(
        labels=tuple(f"T{i}" for i in range(1, n_tiers + 1)),
        sizes=(min(room, draw(st.integers(0, 12))), *rng.integers(0, 15, n_tiers - 2).tolist()) if given else None,
        strategic_slots=strategic,
        promotion_share=share,
        stability=draw(st.sampled_from(["low", "normal", "high"])),
    )
    # Few distinct values, so that ties are common.
    scores = pd.DataFrame(
        {
            "account_id": ids,
            "owner_id": pd.Series(rng.choice(owners, n), dtype="str"),
            "win_prob": rng.choice([0.1, 0.2, 0.4], n),
            "expected_acv": rng.choice([0.0, 1e4, 2e4, 5e4], n),
            "fit_score": rng.choice([20.0, 60.0, 90.0], n),
            "off_support": rng.random(n) < 0.1,
            "has_open_deal": rng.random(n) < 0.1,
            "contactable": rng.random(n) < 0.8,
            "gate": pd.Series(rng.choice(["qualified", "suppressed", "needs_info"], n, p=[0.8, 0.1, 0.1]), dtype="str"),
        }
    )

    def some(k: int) -> np.ndarray:
        return rng.choice(ids, rng.integers(0, k + 1))

    claimed, hit, judged = some(6), some(20), some(6)
    frames: dict[str, Any] = {
        "accounts": pd.DataFrame({"account_id": ids, "name": ids}),
        "strategic": pd.DataFrame(
            {
                "account_id": claimed,
                "kind": "reference",
                "value": rng.choice([0.5, 1.0], len(claimed)),
                "known_at": AS_OF - pd.to_timedelta(rng.integers(-30, 90, len(claimed)), unit="D"),
                "expires_at": AS_OF + pd.to_timedelta(rng.integers(-30, 90, len(claimed)), unit="D"),
            }
        ),
        "signals": pd.DataFrame(
            {
                "account_id": hit,
                "occurred_at": AS_OF - pd.to_timedelta(rng.integers(-5, 130, len(hit)), unit="D"),
                "kind": rng.choice(sorted(policy.windows), len(hit)),
            }
        ),
        "overrides": pd.DataFrame(
            {
                "account_id": judged,
                "tier": rng.integers(1, n_tiers + 1, len(judged)),
                "reason": "judgement",
                "author": "Kim",
                "created_at": AS_OF - pd.to_timedelta(rng.integers(-10, 60, len(judged)), unit="D"),
                "expires_at": AS_OF + pd.to_timedelta(rng.integers(-10, 60, len(judged)), unit="D"),
            }
        ),
    }
    if n_reps and draw(st.booleans()):
        frames["reps"] = pd.DataFrame(
            {"owner_id": owners[:-1], "tier1_slots": slots, "tier2_slots": rng.integers(0, 12, n_reps)}
        )
    return scores, tables_of(**frames), policy


def _typed(table: str, rows: Any) -> pd.DataFrame:
    frame = rows.copy() if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    for name in frame.columns:
        kind = CONTRACTS[table][name].kind if name in CONTRACTS[table] else None
        if kind == "date":
            frame[name] = pd.to_datetime(frame[name]).astype("datetime64[us]")
        elif kind in ("id", "text"):
            frame[name] = frame[name].astype("str")
        elif kind == "flag":
            frame[name] = frame[name].astype("boolean")
    if not len(frame):
        frame = frame.reindex(columns=frame.columns.union(CONTRACTS[table].required, sort=False))
    return frame
