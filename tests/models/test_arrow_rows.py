import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierkit.errors import TableError
from tierkit.models.arrow_rows import batch_codes, check_kinds
from tierkit.models.design import OTHER, Design, DesignColumn

DESIGN = Design(
    (
        DesignColumn(name="employees", kind="number", typical=50.0, missing_share=0.1),
        DesignColumn(
            name="industry", kind="category", typical="bank", missing_share=0.1, levels=("bank", "retail", OTHER)
        ),
        DesignColumn(name="wants", kind="number", typical=0.0, missing_share=0.0),
        DesignColumn(name="product", kind="category", typical="a b", missing_share=0.0, levels=("", "a b", "é")),
    )
)
TEXTS = st.lists(st.sampled_from([None, "bank", "retail", "space", OTHER, "", "a b", "é", "nan", "None"]), max_size=9)


@given(
    texts=TEXTS,
    numbers=st.lists(st.none() | st.floats(allow_nan=True) | st.integers(-(2**53), 2**53).map(float), max_size=9),
    encoded=st.booleans(),
    large=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_codes_of_a_batch_are_those_of_the_frame(texts, numbers, encoded, large):
    n = max(len(texts), len(numbers))
    texts, numbers = texts + [None] * (n - len(texts)), numbers + [None] * (n - len(numbers))
    column = pa.array(texts, pa.large_string() if large else pa.string())
    batch = pa.record_batch(
        {
            "product": column,
            "industry": column.dictionary_encode() if encoded else column,
            "wants": pa.array([None if x is None or x != x else x > 0 for x in numbers], pa.bool_()),
            "employees": pa.array(numbers, pa.float64()),
        }
    )
    frame = batch.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)
    frame = frame.astype({"industry": "str", "product": "str"})
    np.testing.assert_array_equal(batch_codes(DESIGN, batch), DESIGN.codes(frame))
    # A part of a batch is read as that part, though it shares the whole batch's memory.
    np.testing.assert_array_equal(batch_codes(DESIGN, batch.slice(1)), DESIGN.codes(frame.iloc[1:]))
    held = batch_codes(DESIGN, batch, {"employees": 7.0})
    np.testing.assert_array_equal(held, DESIGN.codes(frame.assign(employees=7.0)))


@pytest.mark.parametrize(
    "kind", [pa.int8(), pa.uint32(), pa.int64(), pa.float32(), pa.decimal128(14, 2), pa.bool_(), pa.null()]
)
def test_any_number_is_a_number(kind):
    numbers = pa.array([None, None]) if pa.types.is_null(kind) else pa.array([1, None], pa.int32()).cast(kind)
    batch = pa.record_batch({"employees": numbers, "wants": numbers, "industry": pa.nulls(2), "product": pa.nulls(2)})
    check_kinds(batch.schema, [DESIGN], keys=())
    expected = [np.nan if pa.types.is_null(kind) else 1.0, np.nan]
    np.testing.assert_array_equal(batch_codes(DESIGN, batch)[:, 0], expected)
    assert np.isnan(batch_codes(DESIGN, batch)[:, 1]).all()


def test_all_that_is_wrong_with_a_schema_is_said_at_once():
    schema = pa.schema([("wants", pa.string()), ("product", pa.int8()), ("employees", pa.int8())])
    with pytest.raises(TableError) as raised:
        check_kinds(schema, [DESIGN], keys=("account_id",))
    assert str(raised.value) == (
        "2 columns are missing: account_id, industry (build the rows with the same settings as the training rows); "
        "columns hold no numbers where the models know numbers: wants (string) (cast "
        "them); columns hold no text where the models know text: product (int8) (cast them)"
    )
