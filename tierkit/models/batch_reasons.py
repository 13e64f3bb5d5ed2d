"""The few strongest reasons of each row of a batch, over all parts, in money and in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tierkit.models.acv import Acv
from tierkit.models.batch_parts import BatchPart
from tierkit.models.design import Array
from tierkit.models.medians import Medians
from tierkit.models.reason_money import Reference, Split, split_value
from tierkit.models.reason_parts import CAP, HELD, PARTS, Fitted
from tierkit.models.reason_words import say_cap, say_values
from tierkit.models.reasons import STRONG
from tierkit.models.strongest import Strongest

if TYPE_CHECKING:
    import pyarrow as pa

Story = tuple[str, str]
"""A part and the column that tells it."""


@dataclass(frozen=True, eq=False)
class _Logs:
    """What `split_value` asks of a part."""

    name: str
    model: Fitted
    base: float
    log: Array


@dataclass(frozen=True, eq=False)
class _Told:
    """Reasons of each row, the strongest first, shape (rows, top).

    Attributes
    ----------
    story : which of the stories; -1 where there are fewer. usual : whether no value tells the row apart.
    """

    story: Array
    contribution: Array
    money: Array
    usual: Array


def strongest_reasons(
    batch: "pa.RecordBatch", parts: Sequence[BatchPart], codes: Sequence[Array], reference: Reference, top: int
) -> dict[str, Any]:
    """Columns `reason_1_part`, `reason_1_feature`, ..., `reason_5_words`, as `explain_scores` has them without refits.

    Since the slope of a part is above 0 and the same for all families of a row, the strongest of all parts are among
    the strongest of each.
    """
    import pyarrow as pa

    stories = [(part.name, column) for part in parts for column in part.model.features]
    stories += [(part.name, HELD) for part in parts] + [("value", CAP)]
    told = _rank(parts, [part.strongest(x, top) for part, x in zip(parts, codes, strict=True)], reference, stories, top)
    names = sorted({column for _, column in stories})
    part_at = np.array([PARTS.index(part) for part, _ in stories], dtype=np.int8)
    name_at = np.array([names.index(column) for _, column in stories], dtype=np.int16)
    words, sentences = _words(batch, parts, stories, told)
    columns: dict[str, Any] = {}
    for i in range(top):
        none, at = told.story[:, i] < 0, told.story[:, i]
        said = {
            "part": pa.DictionaryArray.from_arrays(pa.array(part_at[at], mask=none), pa.array(PARTS)),
            "feature": pa.DictionaryArray.from_arrays(pa.array(name_at[at], mask=none), pa.array(names)),
            "contribution": pa.array(told.contribution[:, i], mask=none),
            "money": pa.array(told.money[:, i], mask=none | np.isnan(told.money[:, i])),
            "words": sentences.take(pa.array(words[:, i], mask=words[:, i] < 0)),
        }
        columns |= {f"reason_{i + 1}_{name}": values for name, values in said.items()}
    return columns


def _rank(
    parts: Sequence[BatchPart], kept: Sequence[Strongest], reference: Reference, stories: Sequence[Story], top: int
) -> _Told:
    """The strongest of the strongest of each part, and of what is no feature: ties as a stable sort leaves them."""
    n = len(kept[0].total)
    logs = [_Logs(p.name, p.model, p.base, p.base + (k.held + k.total)) for p, k in zip(parts, kept, strict=True)]
    split = split_value(logs, reference)
    contribution, slope, place, story, usual = [], [], [], [], []
    families = columns = 0
    for part, one in zip(parts, kept, strict=True):
        contribution.append(one.contribution)
        slope.append(np.broadcast_to(split.slopes[part.name][:, None], one.family.shape))
        place.append(np.where(one.family < 0, -1, families + one.family))
        story.append(np.where(one.family < 0, -1, columns + one.member))
        usual.append(one.usual)
        families, columns = families + len(part.families), columns + len(part.model.features)
    for amount, by, name in _aside(parts, kept, split):
        none = amount == 0.0
        contribution.append(amount[:, None])
        slope.append(by[:, None])
        place.append(np.where(none, -1, families)[:, None])
        story.append(np.where(none, -1, stories.index(name))[:, None])
        usual.append(np.ones((n, 1), dtype=bool))
        families += 1
    weight, places = np.hstack(contribution) * np.hstack(slope), np.hstack(place)
    # Nothing at all comes after what is 0.
    size = np.where(places < 0, np.inf, -np.abs(weight))
    order = np.lexsort((places, size), axis=1)[:, :top]
    first = [np.take_along_axis(block, order, axis=1) for block in (np.hstack(story), np.hstack(contribution), weight)]
    out = (np.full((n, top), -1), np.zeros((n, top)), np.zeros((n, top)), np.ones((n, top), dtype=bool))
    for whole, some in zip(out, (*first, np.take_along_axis(np.hstack(usual), order, axis=1)), strict=True):
        whole[:, : order.shape[1]] = some
    return _Told(out[0], out[1], out[2] * split.worth[:, None], out[3])


def _aside(parts: Sequence[BatchPart], kept: Sequence[Strongest], split: Split) -> list[tuple[Array, Array, Story]]:
    """What is no feature, where there is any: effort held as typical, and what the cap takes."""
    some = [(k.held, split.slopes[p.name], (p.name, HELD)) for p, k in zip(parts, kept, strict=True) if k.held.any()]
    return [*some, (split.cap, np.ones(len(split.cap)), ("value", CAP))] if split.cap.any() else some


def _words(
    batch: "pa.RecordBatch", parts: Sequence[BatchPart], stories: Sequence[Story], told: _Told
) -> tuple[Array, Any]:
    """Which sentence each reason has, -1 for none, and the sentences: one for each value and sign that occurs."""
    import pyarrow as pa

    by_name = {part.name: part for part in parts}
    caps = [i for i, (_, column) in enumerate(stories) if column == CAP]
    shown = (np.abs(told.contribution) > STRONG) & ~told.usual | np.isin(told.story, caps)
    where = np.flatnonzero(shown.ravel() & (told.story.ravel() >= 0))
    story = told.story.ravel()[where].astype(np.int16)
    order = np.argsort(story, kind="stable")
    where, story = where[order], story[order]
    sentences: list[str] = []
    said = np.full(told.story.size, -1, dtype=np.int32)
    for at in np.split(np.arange(len(where)), np.flatnonzero(np.diff(story)) + 1) if len(where) else []:
        name, column = stories[story[at[0]]]
        part, to = by_name[name], where[at]
        if column == CAP:
            assert isinstance(part.model, Acv)
            said[to] = len(sentences)
            sentences.append(say_cap(part.model.cap))
            continue
        values, code = _distinct(batch[column], to // told.story.shape[1])
        pairs, which = np.unique(2 * code + (told.contribution.ravel()[to] > 0), return_inverse=True)
        learned = None
        if not isinstance(part.fitted, Medians):
            learned = next(c for c in part.fitted.design.columns if c.name == column)
        said[to] = len(sentences) + which
        some = pd.Series([values[code] for code in pairs // 2], dtype="object")
        sentences += say_values(name, column, learned, some, np.where(pairs % 2, 1.0, -1.0))
    return said.reshape(told.story.shape), pa.array(sentences, pa.string())


def _distinct(column: Any, rows: Array) -> tuple[list[Any], Array]:
    """The values that a column has on some rows, each once, and which of them each row has."""
    import pyarrow as pa

    some = column.take(pa.array(rows))
    if not pa.types.is_dictionary(some.type):
        some = some.dictionary_encode(null_encoding="encode")
    at = some.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    used, code = np.unique(at, return_inverse=True)
    values = some.dictionary.take(pa.array(used, mask=used < 0)).to_pylist()
    return values, code
