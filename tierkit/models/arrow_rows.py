"""Rows in Arrow's form: checked once by their schema, then turned into what models take without an object a value."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.models.design import Array, Design, level_codes

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["number", "category"]
_NAMED = 8
"""Columns a sentence names; there may be hundreds."""


def check_kinds(
    schema: "pa.Schema", designs: Iterable[Design], *, keys: Sequence[str], texts: Sequence[str] = ()
) -> dict[str, Kind]:
    """What each feature of the designs is, given that the rows can be scored.

    Parameters
    ----------
    keys : columns that must be there, whatever they hold. texts : columns that must hold text where they are there.

    Raises
    ------
    TableError : columns that are missing, repeated, or numbers where the models know text, or the reverse.
    """
    kinds: dict[str, Kind] = {c.name: c.kind for design in designs for c in design.columns}
    held = list(schema.names)
    lacking = [name for name in (*keys, *kinds) if name not in held]
    kinds |= {name: "category" for name in texts if name in held}
    twice = [name for name in (*keys, *kinds) if held.count(name) > 1]
    breaches = []
    if lacking:
        breaches.append(
            f"{len(lacking)} columns are missing: {_some(lacking)} (build the rows with the same settings as the "
            "training rows)"
        )
    if twice:
        breaches.append(f"columns are repeated: {_some(twice)} (rename them)")
    for kind, are, know in (("number", "no numbers", "numbers"), ("category", "no text", "text")):
        wrong = [
            n for n, k in kinds.items() if k == kind and held.count(n) == 1 and not _is(kind, schema.field(n).type)
        ]
        if wrong:
            named = _some([f"{name} ({schema.field(name).type})" for name in wrong])
            breaches.append(f"columns hold {are} where the models know {know}: {named} (cast them)")
    if breaches:
        raise TableError("; ".join(breaches))
    return kinds


def batch_codes(design: Design, batch: "pa.RecordBatch", held: Mapping[str, float] | None = None) -> Array:
    """`Design.codes` of a batch whose schema passed `check_kinds`; columns of `held` have one value for all rows."""
    import pyarrow as pa

    x = np.empty((len(batch), len(design.columns)))
    for i, learned in enumerate(design.columns):
        if held is not None and learned.name in held:
            x[:, i] = held[learned.name]
        elif learned.kind == "number":
            numbers = batch[learned.name].cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            x[:, i] = np.where(np.isinf(numbers), np.nan, numbers)
        else:
            x[:, i] = column_codes(batch[learned.name], learned.levels)
    return x


def column_codes(column: Any, levels: tuple[str, ...]) -> Array:
    """`level_codes` of a column of text as numbers, NaN where unknown: each text is looked up once."""
    import pyarrow as pa

    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    column = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    found = level_codes(pd.Series(column.dictionary.to_pylist(), dtype="str"), levels)
    codes = np.append(np.where(found < 0, np.nan, found), np.nan)
    return np.asarray(codes[column.indices.cast(pa.int64()).fill_null(len(found)).to_numpy(zero_copy_only=False)])


def _is(kind: str, held: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_null(held):
        return True
    if kind == "category":
        return _is_text(held.value_type if pa.types.is_dictionary(held) else held)
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
    return any(test(held) for test in tests)


def _is_text(held: Any) -> bool:
    import pyarrow as pa

    return any(test(held) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
