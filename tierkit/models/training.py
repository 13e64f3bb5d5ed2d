"""What is told about the rows a model was fitted on, and how its parts are handed back."""

import pandas as pd

from tierkit.models.design import Array


def contribution_frame(rows: pd.DataFrame, features: tuple[str, ...], parts: Array, base: float) -> pd.DataFrame:
    """Contributions as a frame on the index of `rows`, with the column `_base`."""
    frame = pd.DataFrame(parts, index=rows.index, columns=list(features))
    frame["_base"] = base
    return frame


def training_window(rows: pd.DataFrame, column: str) -> tuple[str, str] | None:
    """First and last day of a column as text; None without dates."""
    if column not in rows.columns or rows[column].isna().all():
        return None
    return rows[column].min().date().isoformat(), rows[column].max().date().isoformat()


def horizon_of(rows: pd.DataFrame) -> float | None:
    """The horizon the rows were labelled with, days; None where they carry none."""
    if "horizon_days" not in rows.columns or rows["horizon_days"].isna().all():
        return None
    return float(rows["horizon_days"].max())
