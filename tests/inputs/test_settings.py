import datetime as dt

import pytest
from pydantic import ValidationError

from tierkit.errors import SheetError
from tierkit.inputs.settings import DataSettings
from tierkit.runsheet import check_sheet


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"deals": {"columns": {"clsed_at": "End"}}},
            "names a column that deals do not have, 'clsed_at'; did you mean 'closed_at'",
        ),
        (
            {"accounts": {"constants": {"contry": "DE"}}},
            "names a column that accounts do not have, 'contry'; did you mean 'country'",
        ),
        ({"deals": {"columns": {"currency": "C"}, "constants": {"currency": "EUR"}}}, "as a column and as a constant"),
        ({"data_through": "31.10.2026"}, "must be a day, YYYY-MM-DD"),
        ({"time_zone": "Berlin"}, "must be a time zone such as Europe/Berlin"),
        ({"deals": {"decimal": ";"}}, "'.' or ','"),
        ({"deals": {"join": [{"file": "a", "on": "b", "known": "later"}]}}, "'at_opening' or 'at_close'"),
    ],
)
def test_data_settings_refuse(keys, said):
    with pytest.raises(ValidationError) as error:
        DataSettings.model_validate(keys)
    assert said in str(error.value)


def test_data_settings_take_a_day_of_toml():
    assert DataSettings.model_validate({"data_through": dt.date(2026, 10, 31)}).data_through == "2026-10-31"


def test_sources_are_the_tables_given():
    assert list(DataSettings.model_validate({"signals": {}, "deals": {"file": "d.csv"}}).sources) == [
        "deals",
        "signals",
    ]


def test_a_wrong_column_of_the_sheet_is_named_without_the_sheet(tmp_path):
    with pytest.raises(SheetError) as error:
        check_sheet({"data": {"deals": {"columns": {"clsed_at": "End"}}}}, folder=tmp_path)
    said = "tierkit.toml: 'data' names a column that deals do not have, 'clsed_at'; did you mean 'closed_at'?"
    assert str(error.value) == said
