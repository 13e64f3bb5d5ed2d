import pytest

from tests.features.company import make_tables, random_company
from tierkit.features.asof import build_account_rows
from tierkit.features.catalog import feature_of, is_built
from tierkit.inputs.contracts import ROW_KEYS


@pytest.mark.parametrize(
    ("column", "group", "label", "ours"),
    [
        ("n_inbound_90d", "behavioural", "inbound touches in the last 90 days", False),
        ("n_outbound_30d", "effort", "outbound touches in the last 30 days", True),
        ("n_web_visit_inbound_180d", "behavioural", "inbound web visits in the last 180 days", False),
        ("n_email_outbound_365d", "effort", "outbound emails in the last 365 days", True),
        ("n_meeting_90d", "effort", "meetings in the last 90 days", True),
        ("days_since_inbound", "behavioural", "days since they last came to us", False),
        ("days_since_outbound", "effort", "days since we last touched them", True),
        ("n_contacts_90d", "effort", "people touched in the last 90 days", True),
        ("live_executive_hire", "trigger", "executive hire in the last 90 days", False),
        ("tech_cloud_warehouse", "technographic", "uses cloud warehouse", False),
        ("missing_employees", "firmographic", "unknown headcount", False),
        ("n_won_past", "relationship", "deals won before", False),
        ("favouriteColour", "deal", "favourite Colour", False),
    ],
)
def test_features_in_plain_words(column: str, group: str, label: str, ours: bool) -> None:
    feature = feature_of(column)
    assert (feature.group, feature.label, feature.own_effort) == (group, label, ours)


def test_every_feature_of_an_account_row_is_in_the_catalog() -> None:
    rows = build_account_rows(make_tables(**random_company(1)), as_of="2025-08-31")
    for column in rows.columns.difference(list(ROW_KEYS)):
        feature = feature_of(column)
        assert feature.group != "deal"
        assert feature.label != column or column in ("industry", "country", "region")


def test_names_of_ours_are_reserved() -> None:
    assert is_built("live_date")
    assert not is_built("employees")
    assert not is_built("deal_live_date")
