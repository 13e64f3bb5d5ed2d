import pandas as pd

from tierkit.features.asof import build_panel_rows
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import simulate_company

AS_OF = pd.Timestamp("2026-10-31")


def test_of_more_accounts_than_asked_the_same_are_drawn_with_all_their_months() -> None:
    frames = simulate_company(seed=3, n_accounts=160).frames
    tables = open_tables(frames)
    settings = FeatureSettings(panel_accounts=100, horizon_days=180)
    whole = build_panel_rows(tables, before=AS_OF, settings=settings.model_copy(update={"panel_accounts": 20_000}))
    drawn = build_panel_rows(tables, before=AS_OF, settings=settings)
    # Of the hundred drawn a few may be younger than the newest month of the panel.
    assert 90 < drawn["account_id"].nunique() <= 100 < whole["account_id"].nunique()
    same = whole[whole["account_id"].isin(drawn["account_id"].unique())].reset_index(drop=True)
    pd.testing.assert_frame_equal(drawn, same)

    # In another order of the file they are the same accounts.
    shuffled = open_tables({**frames, "accounts": frames["accounts"].sample(frac=1, random_state=1)})
    pd.testing.assert_frame_equal(build_panel_rows(shuffled, before=AS_OF, settings=settings), drawn)
