"""The month published before, as far as it can be run again: its rows, models, rules and the ground it stood on."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from tierkit.errors import TierkitError
from tierkit.features.asof import build_account_rows
from tierkit.features.fit import score_fit
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.tables import Tables
from tierkit.models.scoring import score_accounts
from tierkit.models.store import Models, load_models
from tierkit.reporting.manifest import read_manifest
from tierkit.tiering.gates import NEEDS_INFO, QUALIFIED
from tierkit.tiering.ground import Ground, ground_on
from tierkit.tiering.policy import Policy
from tierkit.tiering.steps import Month, Score

GROUND = "ground"
"""Folder of a month that holds what its tiers stood on besides the accounts."""


class NotKnownError(TierkitError):
    """Last month cannot be run again; the message says why, as the end of a sentence."""


@dataclass(frozen=True)
class LastMonth:
    """Last month to be run again.

    Attributes
    ----------
    month : its ingredients. models : what it scored by. corrected : its rows as this month's tables give them.
    """

    month: Month
    models: Models
    corrected: pd.DataFrame


def read_last_month(folder: Path, tables: Tables) -> LastMonth:
    """The month published in `folder`.

    Raises
    ------
    NotKnownError : its files are missing or of another version, or its models do not give the values it published.
    """
    manifest = read_manifest(folder)
    as_of, seed = pd.Timestamp(manifest["as_of"]), int(manifest["seed"])
    try:
        policy = Policy.model_validate(manifest["parameters"]["tiers"])
        features = FeatureSettings.model_validate(manifest["parameters"]["features"])
        models = load_models(folder / "models")
        rows = pd.read_parquet(folder / "scoring_rows.parquet")
        tiers = pd.read_parquet(folder / "tiers.parquet")
        ground = read_ground(folder / GROUND, as_of=as_of, seed=seed)
    except (TierkitError, ValidationError, OSError, KeyError, TypeError, AttributeError, ImportError, ValueError):
        raise NotKnownError("last month was published by another version of tierkit, or its files are gone") from None
    rows = rows.assign(account_id=rows["account_id"].astype("str"))
    score = score_by(models, tables, as_of=as_of)
    if not _gives(score, rows):
        raise NotKnownError("the models published last month do not give the values published with them")
    if ground is None:
        ground = ground_on(tables, policy, as_of=as_of, seed=seed)
    corrected = build_account_rows(tables, as_of=as_of, settings=features)
    if "horizon_days" in rows and "horizon_days" not in corrected:
        corrected["horizon_days"] = rows["horizon_days"].iloc[0] if len(rows) else np.nan
    month = Month(rows, score, _gated(rows, tiers), policy, ground, as_of)
    return LastMonth(month, models, corrected)


def score_by(models: Models, tables: Tables, *, as_of: pd.Timestamp) -> Score:
    """How rows become scores under these models."""
    win = models.win if models.win is not None and models.win.skill else None

    def score(rows: pd.DataFrame) -> pd.DataFrame:
        parts = (models.opening, win, models.acv)
        looked_at = {name for part in parts if part is not None for name in part.features}
        # A kind of touch nobody saw any more has no column now: it is not known, rather than an error.
        lacking = sorted(looked_at - set(rows.columns))
        whole = rows.assign(**dict.fromkeys(lacking, np.nan)) if lacking else rows
        return score_accounts(score_fit(whole, models.icp, tables, as_of=as_of), *parts)

    return score


def write_ground(folder: Path, ground: Ground) -> None:
    """Write what the tiers stand on, one Parquet file a part, so that the next month can tell what changed."""
    folder.mkdir(exist_ok=True)
    for part in fields(Ground):
        frame = getattr(ground, part.name)
        if isinstance(frame, pd.DataFrame):
            named = frame.reset_index() if frame.index.name else frame.reset_index(drop=True)
            named.to_parquet(folder / f"{part.name}.parquet", index=False)


def read_ground(folder: Path, *, as_of: pd.Timestamp, seed: int) -> Ground | None:
    """What `write_ground` wrote; None where nothing was written, as by earlier versions."""
    if not folder.is_dir():
        return None
    names = [f.name for f in fields(Ground) if f.type is pd.DataFrame]
    frames: dict[str, Any] = {name: pd.read_parquet(folder / f"{name}.parquet") for name in names}
    frames["claims"] = frames["claims"].set_index("account_id")
    return Ground(**frames, hold_day=as_of, draw_day=as_of, seed=seed)


def _gives(score: Score, rows: pd.DataFrame) -> bool:
    """Whether the models give the published values of the published rows."""
    if rows.empty:
        return True
    values = score(rows)["expected_value"].to_numpy(dtype=np.float64)
    published = rows["expected_value"].to_numpy(dtype=np.float64)
    return np.allclose(values, published, rtol=1e-6, atol=1e-9, equal_nan=True)


def _gated(rows: pd.DataFrame, tiers: pd.DataFrame) -> pd.DataFrame:
    """Who was tiered and might be contacted; of the rest only that it was not tiered matters here."""
    by_id = tiers.set_index(tiers["account_id"].astype("str"))
    ids = rows["account_id"]
    tiered = ids.isin(by_id.index)
    contactable = ids.map(by_id["contactable"].astype("boolean")).astype("boolean").fillna(False).astype(bool)
    gate = pd.Series(np.where(tiered, QUALIFIED, NEEDS_INFO), ids.index, dtype="str")
    return pd.DataFrame({"account_id": ids, "gate": gate, "contactable": contactable})
