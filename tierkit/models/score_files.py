"""Score and explain a file of accounts of any length, batch by batch, in memory that does not grow with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tierkit.errors import SheetError, TableError, TierkitError
from tierkit.models.acv import Acv
from tierkit.models.arrow_rows import batch_codes
from tierkit.models.batch_parts import BatchPart, designs_of, prepare_part
from tierkit.models.batch_reasons import strongest_reasons
from tierkit.models.calibration import expit
from tierkit.models.design import Array
from tierkit.models.opening import SUPPORT, Opening
from tierkit.models.parquet_batches import Rows, check_target, evened, opened_rows, regrouped, written
from tierkit.models.propensity import Propensity
from tierkit.models.reason_money import Reference, reference_value
from tierkit.models.reason_parts import PARTS
from tierkit.models.scoring import scores_of
from tierkit.models.trees import MANY

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 50_000
"""Rows scored at a time: LightGBM is asked about some of each, and half as many take a tenth longer. One after another:
two threads took an eighth more CPU and 150 MiB, and no less time where two cores are shared."""
ROW_GROUP = 100_000
"""Rows of a row group of the file written, whatever the batches were."""
KEYS = ("row_id", "deal_id", "account_id", "as_of")
"""Columns that say whose scores they are, handed on where the rows have them; `account_id` must be there."""
_TEXTS = ("_part", "_feature", "_words")
"""How columns of few texts end, which are written once and referred to."""

Tell = Callable[[str], object]


def score_file(
    source: "str | Path | pa.RecordBatchReader",
    target: str | Path,
    opening: Opening | None,
    win: Propensity | None,
    acv: Acv | None,
    *,
    top: int = 5,
    tell: Tell | None = None,
) -> int:
    """Write the scores of every row of a Parquet file, and its strongest reasons, to another; how many rows.

    Parameters
    ----------
    source : Parquet file of feature rows as the models were fitted on, or a reader of Arrow batches such as a
        database hands out (`duckdb.sql(...).to_arrow_reader()`).
    target : file to write, whole or not at all; it must not exist.
    top : reasons of each row.
    tell : is told how far it is.

    One row for each of the source, in its order: row_id, deal_id, account_id and as_of (those there are); the columns
    of `score_accounts`; and for each reason `reason_1_part` (opens, wins, value), `reason_1_feature`,
    `reason_1_contribution` (log-odds, or log of money), `reason_1_money` (what it adds to expected value against the
    average account) and `reason_1_words` (missing where it is too weak to be said, or its value just the typical one),
    to `reason_5_words`: those of rank 1 to 5 of `explain_scores` where no refits are asked for.

    Memory is that of a batch and of the models, whatever the number of rows. Warns where trees had to be left to
    LightGBM, a hundred times as slow, because our own loops differed from it on a row that both were asked about.

    Raises
    ------
    TableError : no Parquet file, no rows, or columns that are missing or of another kind.
    SheetError : the target exists, there is no folder for it, or there is no model.
    """
    if opening is None and win is None and acv is None:
        raise SheetError("there is no model to score by (the run that saved them fitted none)")
    if top < 1:
        raise SheetError(f"reasons of an account must be 1 or more, got {top}")
    target = Path(target)
    check_target(target)
    try:
        with opened_rows(source, designs_of(opening, win, acv), keys=KEYS, at_once=BATCH) as rows:
            scorer = _prepare(rows, opening, win, acv, top)
            return _write_scores(rows, scorer, target, tell)
    except _DifferedError:
        if not isinstance(source, (str, Path)):
            raise
        # LightGBM is asked from here on, of the rows before too.
        return score_file(source, target, opening, win, acv, top=top, tell=tell)


class _DifferedError(TierkitError):
    """Our own loops and LightGBM said different things of a row that both were asked about."""


def _write_scores(rows: Rows, scorer: "_Scorer", target: Path, tell: Tell | None) -> int:
    n, before = 0, scorer.notes
    with written(target, texts=_TEXTS) as write:
        for table in regrouped(map(scorer.score, evened(rows.batches, BATCH)), ROW_GROUP):
            if scorer.notes != before:
                raise _DifferedError(f"{' '.join(scorer.notes)} Nothing was written; score the rows again.")
            write(table)
            n += len(table)
            if tell is not None:
                tell(f"Scored {n:,} of {rows.total:,} rows" if rows.total else f"Scored {n:,} rows")
        if not n:
            raise TableError(f"{rows.name}: no row in it (export it again)")
    return n


@dataclass(frozen=True, eq=False)
class _Scorer:
    """Everything that does not change from batch to batch."""

    opening: Opening | None
    win: Propensity | None
    acv: Acv | None
    parts: tuple[BatchPart, ...]
    reference: Reference
    keys: Sequence[str]
    top: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What trees have to say of how they were worked out."""
        return tuple(note for part in self.parts for note in getattr(part.fitted, "notes", ()))

    def score(self, batch: Any) -> Any:
        """A batch in, its scores and reasons out, row by row."""
        import pyarrow as pa

        codes = [part.codes(batch) for part in self.parts]
        said = {part.name: part.raw(x) for part, x in zip(self.parts, codes, strict=True)}
        raw = (said.get(PARTS[0]), said.get(PARTS[1]), said.get(PARTS[2]))
        scores = scores_of(raw, self._off_support(batch), self.opening, self.win, self.acv)
        columns = {name: batch[name] for name in self.keys}
        columns |= {name: pa.array(values, from_pandas=True) for name, values in scores.items()}
        columns |= strongest_reasons(batch, self.parts, codes, self.reference, self.top)
        return pa.table(columns)

    def _off_support(self, batch: Any) -> Array:
        support = None if self.opening is None else self.opening.support
        if support is None:
            return np.zeros(len(batch), dtype=bool)
        return np.asarray(expit(support.raw_of(batch_codes(support.design, batch))) < SUPPORT)


def _prepare(rows: Rows, opening: Opening | None, win: Propensity | None, acv: Acv | None, top: int) -> _Scorer:
    many = rows.total is None or rows.total >= MANY
    models = [(name, m) for name, m in zip(PARTS, (opening, win, acv), strict=True) if m is not None]
    return _Scorer(
        opening,
        win,
        acv,
        parts=tuple(prepare_part(name, model, many=many) for name, model in models),
        reference=reference_value(opening, win, acv),
        keys=[name for name in KEYS if name in rows.schema.names],
        top=top,
    )
