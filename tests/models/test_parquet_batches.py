from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierkit.models.design import Design, DesignColumn
from tierkit.models.parquet_batches import evened, opened_rows, regrouped

FEATURES = [f"x{i}" for i in range(6)]
DESIGN = Design(tuple(DesignColumn(name=name, kind="number", typical=0.5, missing_share=0.0) for name in FEATURES))


@pytest.mark.parametrize("groups", [1, 40])
def test_what_was_read_is_let_go(tmp_path, groups):
    # 45 MB of numbers that do not compress, of which a batch is 3 and a page of each column 1.
    rng, n = np.random.default_rng(1), 800_000
    numbers = {name: rng.random(n) for name in FEATURES}
    ids = pa.array(np.arange(n))
    table = pa.table({"account_id": ids, **numbers})
    pq.write_table(table, source := tmp_path / "rows.parquet", row_group_size=n // groups)
    del table, numbers, ids
    before = pa.total_allocated_bytes()
    with opened_rows(source, [DESIGN], keys=["account_id"], at_once=50_000) as rows:
        most = max(pa.total_allocated_bytes() - before for _ in rows.batches)
    assert most < 30e6


@given(sizes=st.lists(st.integers(0, 9), max_size=12), n=st.integers(1, 8))
def test_rows_keep_their_order_in_whatever_sizes_they_come(sizes, n):
    ends = np.cumsum([0, *sizes])
    parts = []
    for a, b in pairwise(ends):
        texts = pa.array([f"t{i % 3}" for i in range(a, b)], pa.string()).dictionary_encode()
        parts.append(pa.record_batch({"i": pa.array(range(a, b), pa.int64()), "text": texts}))
    for even in (list(evened(parts, n)), list(regrouped((pa.Table.from_batches([p]) for p in parts), n))):
        assert [i for part in even for i in part["i"].to_pylist()] == list(range(ends[-1]))
        assert [t for part in even for t in part["text"].to_pylist()] == [f"t{i % 3}" for i in range(ends[-1])]
        assert all(len(part) == n for part in even[:-1])
        assert all(0 < len(part) <= n for part in even[-1:])
