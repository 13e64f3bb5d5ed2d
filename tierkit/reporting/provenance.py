"""What made a run: inputs, settings, month, seed, code, versions; and the id that stands for all of it."""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

import tierkit

_PACKAGES = ("pandas", "numpy", "duckdb", "scipy", "scikit-learn", "statsmodels", "lightgbm", "matplotlib", "nbconvert")


@dataclass(frozen=True)
class Provenance:
    """What made a run.

    Attributes
    ----------
    run_id : twelve hexadecimal digits, the hash of inputs, parameters, month, seed and code.
    parameters : the run sheet as plain values.
    inputs : one mapping per file; keys table, file (its name alone), sha256, n_rows, n_rejected.
    code : revision (of the repository, or None), dirty (whether files differ from it, or None), sha256 (of the
        package's own files).
    versions : of Python's packages that a figure may depend on.
    """

    run_id: str
    month: str
    as_of: str
    seed: int
    parameters: Mapping[str, Any]
    inputs: tuple[Mapping[str, Any], ...]
    code: Mapping[str, Any]
    versions: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, a notebook's metadata and the footer."""
        return json.loads(json.dumps(asdict(self), sort_keys=True, default=str))  # type: ignore[no-any-return]


def trace_run(
    *, month: str, as_of: str | pd.Timestamp, seed: int, parameters: Mapping[str, Any], sources: pd.DataFrame
) -> Provenance:
    """Provenance of a run about to start; compute it before the run, from what the run will read.

    Parameters
    ----------
    parameters : the run sheet, `sheet.model_dump(mode="json")`.
    sources : `Tables.sources`; columns table, file, sha256, n_rows, n_rejected.
    """
    ordered = sources.sort_values(["table", "file"], kind="stable").to_dict("records")
    inputs = tuple({**{str(k): v for k, v in r.items()}, "file": Path(str(r["file"])).name} for r in ordered)
    code = code_identity()
    plain = json.loads(json.dumps({"parameters": parameters, "inputs": inputs}, default=_plain))
    run = identify_run(
        month=month, seed=seed, parameters=plain["parameters"], inputs=plain["inputs"], code_sha256=code["sha256"]
    )
    return Provenance(
        run_id=run,
        month=month,
        as_of=pd.Timestamp(as_of).strftime("%Y-%m-%d"),
        seed=seed,
        parameters=plain["parameters"],
        inputs=tuple(plain["inputs"]),
        code=code,
        versions=package_versions(),
    )


def identify_run(*, month: str, seed: int, parameters: Mapping[str, Any], inputs: Any, code_sha256: str) -> str:
    """The id of a run: the same inputs, settings, month, seed and code always give the same one."""
    hashed = sorted([str(i["table"]), str(i["sha256"])] for i in inputs)
    whole = {"month": month, "seed": seed, "parameters": parameters, "inputs": hashed, "code": code_sha256}
    return hashlib.sha256(json.dumps(whole, sort_keys=True, default=_plain).encode()).hexdigest()[:12]


def _plain(value: Any) -> Any:
    """Numbers of numpy as Python's; the rest as text."""
    return value.item() if hasattr(value, "item") else str(value)


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def source_hash() -> str:
    """The sha256 of the package's own files, in hexadecimal digits: the same wherever and however it is installed."""
    folder = Path(tierkit.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256_of(path)}\n".encode())
    return digest.hexdigest()


@cache
def code_identity() -> Mapping[str, Any]:
    """Revision of the repository and whether files differ from it, None where there is none; sha256 of the package."""
    folder = Path(tierkit.__file__).parent
    inside = _git(folder, "ls-files", "--error-unmatch", "__init__.py") is not None
    changed = _git(folder, "status", "--porcelain", "--", ".") if inside else None
    return {
        "revision": _git(folder, "rev-parse", "HEAD") if inside else None,
        "dirty": None if changed is None else bool(changed),
        "sha256": source_hash(),
    }


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says; None where there is no git or no repository."""
    try:
        # Without its locks, which git takes to refresh its index: a run that is killed would leave one behind.
        asked = ["git", "--no-optional-locks", *arguments]
        done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


@cache
def package_versions() -> Mapping[str, str]:
    """Versions of Python, tierkit and the packages that a figure may depend on."""
    import platform

    found = {"python": platform.python_version(), "tierkit": tierkit.__version__}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
