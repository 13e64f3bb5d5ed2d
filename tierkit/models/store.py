"""Save models and load them again: JSON, CSV and LightGBM's own text, so that a person can read what decides."""

import dataclasses
import json
import math
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from tierkit import __version__
from tierkit.errors import TierkitError
from tierkit.models.acv import Acv
from tierkit.models.opening import Opening
from tierkit.models.propensity import Propensity
from tierkit.models.scorecard import Scorecard

_PARTS = ("opening", "win", "acv", "icp", "scorecard")
_PACKAGES = ("tierkit", "numpy", "pandas", "scikit-learn", "lightgbm", "statsmodels")


@dataclasses.dataclass(frozen=True, eq=False)
class Models:
    """What a run decides by; a part that was not fitted is None. `versions` are those it was fitted with."""

    opening: Opening | None
    win: Propensity | None
    acv: Acv | None
    icp: Any
    versions: Mapping[str, str]
    scorecard: Scorecard | None = None


def save_models(
    folder: str | Path,
    *,
    opening: Opening | None,
    win: Propensity | None,
    acv: Acv | None,
    icp: Any = None,
    scorecard: Scorecard | None = None,
) -> None:
    """Write opening, win, acv, icp and scorecard as JSON, their tables as CSV, boosters as text, and versions.json.

    The same fit gives the same bytes.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in zip(_PARTS, (opening, win, acv, icp, scorecard), strict=True):
        if model is not None:
            _write_json(folder / f"{name}.json", _plain(model, folder, name))
    _write_json(folder / "versions.json", {name: _version(name) for name in _PACKAGES})


def load_models(folder: str | Path) -> Models:
    """Read what `save_models` wrote; predictions are identical.

    Raises
    ------
    TierkitError : the folder holds no models.
    """
    folder = Path(folder)
    if not (folder / "versions.json").is_file():
        raise TierkitError(f"{folder}: no models saved here (versions.json is missing)")
    parts = {}
    for name in _PARTS:
        path = folder / f"{name}.json"
        parts[name] = _revive(_read_json(path), folder) if path.is_file() else None
    return Models(**parts, versions=_read_json(folder / "versions.json"))


def _plain(thing: Any, folder: Path, name: str) -> Any:
    """What JSON can hold; frames and long texts go to files beside it."""
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        fields = {f.name: _plain(getattr(thing, f.name), folder, f"{name}.{f.name}") for f in dataclasses.fields(thing)}
        return {"class": f"{type(thing).__module__}:{type(thing).__qualname__}", **fields}
    if isinstance(thing, pd.DataFrame):
        path = folder / f"{name}.csv"
        thing.to_csv(path, index=False, lineterminator="\n")
        return {"csv": path.name, "types": {str(c): str(t) for c, t in thing.dtypes.items()}}
    if isinstance(thing, str) and "\n" in thing:
        path = folder / f"{name}.txt"
        path.write_text(thing, encoding="utf-8", newline="\n")
        return {"txt": path.name}
    if isinstance(thing, Mapping):
        return {"map": {str(key): _plain(value, folder, f"{name}.{key}") for key, value in thing.items()}}
    if isinstance(thing, (tuple, list)):
        return [_plain(value, folder, f"{name}.{i}") for i, value in enumerate(thing)]
    if isinstance(thing, float) and not math.isfinite(thing):
        return {"float": str(thing)}
    return thing.item() if hasattr(thing, "item") else thing


def _revive(plain: Any, folder: Path) -> Any:
    if isinstance(plain, list):
        return tuple(_revive(value, folder) for value in plain)
    if not isinstance(plain, dict):
        return plain
    if "class" in plain:
        return _build(plain, folder)
    if "csv" in plain:
        return _read_frame(folder / plain["csv"], plain["types"])
    if "txt" in plain:
        return (folder / plain["txt"]).read_text(encoding="utf-8")
    if "float" in plain:
        return float(plain["float"])
    return {key: _revive(value, folder) for key, value in plain["map"].items()}


def _build(plain: dict[str, Any], folder: Path) -> Any:
    module, name = plain["class"].split(":")
    # A file of models may build tierkit's own dataclasses and nothing else.
    kind = getattr(import_module(module), name, None) if module.startswith("tierkit.") else None
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        raise TierkitError(f"{folder}: {plain['class']!r} is not a model of tierkit")
    return kind(**{key: _revive(value, folder) for key, value in plain.items() if key != "class"})


def _read_frame(path: Path, types: dict[str, str]) -> pd.DataFrame:
    if not types:
        return pd.DataFrame()
    # As text first: only then is every figure read back to its last digit, whatever the version of pandas.
    text = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])
    return pd.DataFrame({name: _typed(text[name], kind) for name, kind in types.items()})


def _typed(text: pd.Series, kind: str) -> pd.Series:
    return text.eq("True") if kind == "bool" else text.astype(pd.api.types.pandas_dtype(kind))


def _write_json(path: Path, plain: Any) -> None:
    path.write_text(json.dumps(plain, indent=1, allow_nan=False) + "\n", encoding="utf-8", newline="\n")


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _version(package: str) -> str:
    return __version__ if package == "tierkit" else version(package)
