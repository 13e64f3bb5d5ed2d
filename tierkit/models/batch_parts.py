"""The parts of expected value, made ready once to score and explain batch after batch of a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tierkit.models.acv import Acv
from tierkit.models.arrow_rows import batch_codes, column_codes
from tierkit.models.design import Array, Design
from tierkit.models.linear import Linear
from tierkit.models.medians import Medians
from tierkit.models.opening import Opening
from tierkit.models.propensity import Propensity
from tierkit.models.reason_parts import Fitted, base_of, families_of, fitted_model, held_columns
from tierkit.models.strongest import Strongest, strongest_of, typical_values
from tierkit.models.trees import Trees

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class BatchPart:
    """One part and what does not change from batch to batch.

    Attributes
    ----------
    families : columns of each family. family_of : number of each feature's family, -1 where effort is held.
    typical, unknown_is_typical : of each feature, as `strongest_of` takes them.
    base : log-odds or log value of the reference. slope : of the calibration, by which contributions are multiplied.
    many : whether there are rows enough to pay for loading loops of our own.
    """

    name: str
    model: Fitted
    fitted: Linear | Trees | Medians
    families: tuple[tuple[str, ...], ...]
    family_of: Array
    typical: Array
    unknown_is_typical: Array
    base: float
    slope: float
    many: bool

    def codes(self, batch: "pa.RecordBatch") -> Array:
        """Rows as the model sees them, shape (n, features): numbers, and categories as codes."""
        if isinstance(self.fitted, Medians):
            if "segment" not in batch.schema.names:
                return np.full((len(batch), 1), np.nan)
            return column_codes(batch["segment"], self.fitted.segments)[:, None]
        return batch_codes(self.fitted.design, batch, _held(self.model))

    def raw(self, codes: Array) -> Array:
        """What the model says before calibration, the same bits as its `raw`, shape (n,)."""
        if isinstance(self.fitted, Trees) and not self.many:
            return np.asarray(self.fitted.booster.predict(codes, raw_score=True, num_threads=1))
        return self.fitted.raw_of(codes)

    def strongest(self, codes: Array, k: int) -> Strongest:
        """The k families that say most, calibrated, as `take_apart` has them."""
        about = {
            "family_of": self.family_of,
            "typical": self.typical,
            "unknown_is_typical": self.unknown_is_typical,
        }
        if isinstance(self.fitted, Trees) and self.many:
            kept = self.fitted.strongest_of(codes, k, **about)
            return kept._replace(
                contribution=kept.contribution * self.slope, total=kept.total * self.slope, held=kept.held * self.slope
            )
        kept = strongest_of(self._contributions(codes) * self.slope, codes, k, **about)
        # Effort held at one value is part of the base of a linear model.
        return kept if isinstance(self.fitted, Trees) else kept._replace(held=np.zeros(len(codes)))

    def _contributions(self, codes: Array) -> Array:
        if isinstance(self.fitted, Trees):
            return np.asarray(self.fitted.booster.predict(codes, pred_contrib=True, num_threads=1))[:, :-1]
        return self.fitted.contributions_of(codes)


def prepare_part(name: str, model: Fitted, *, many: bool) -> BatchPart:
    """A part made ready for `many` rows or few."""
    fitted = fitted_model(model)
    features, fixed = model.features, held_columns(model)
    families = families_of([column for column in features if column not in fixed])
    number = {column: i for i, family in enumerate(families) for column in family}
    if isinstance(fitted, Medians):
        typical, unknown = np.array([np.nan]), np.array([False])
    else:
        typical, unknown = typical_values(fitted.design)
    return BatchPart(
        name=name,
        model=model,
        fitted=fitted,
        families=families,
        family_of=np.array([number.get(column, -1) for column in features], dtype=np.int64),
        typical=typical,
        unknown_is_typical=unknown,
        base=base_of(model),
        slope=model.calibration.slope if isinstance(model, Propensity) else 1.0,
        many=many,
    )


def designs_of(*models: Opening | Propensity | Acv | None) -> list[Design]:
    """What encodes the features of models, and of the support of an opening."""
    fitted = [fitted_model(model) for model in models if model is not None]
    fitted += [m.support for m in models if isinstance(m, Opening) and m.support is not None]
    return [model.design for model in fitted if not isinstance(model, Medians)]


def _held(model: Fitted) -> Mapping[str, float] | None:
    return model.reference if isinstance(model, Opening) else None
