from collections.abc import Callable

import pandas as pd
import pytest

from tierkit.inputs.tables import Tables


def make_tables(**frames: pd.DataFrame) -> Tables:
    """Tables of canonical frames, as they come out of the door."""
    children = pd.DataFrame({c: pd.Series(dtype="str") for c in ("account_id", "unit_id", "name")} | {"depth": []})
    empty = pd.DataFrame()
    return Tables(frames=frames, children=children, rejected=empty, sources=empty)


@pytest.fixture
def tables_of() -> Callable[..., Tables]:
    return make_tables


@pytest.fixture
def deals_of() -> Callable[..., pd.DataFrame]:
    def build(*rows: tuple) -> pd.DataFrame:
        """Rows of (deal, account, opened, closed, outcome, acv)."""
        frame = pd.DataFrame(rows, columns=["deal_id", "account_id", "opened_at", "closed_at", "outcome", "acv"])
        dates = {c: pd.to_datetime(frame[c]).astype("datetime64[ns]") for c in ("opened_at", "closed_at")}
        return frame.assign(**dates, acv=frame["acv"].astype(float))

    return build
