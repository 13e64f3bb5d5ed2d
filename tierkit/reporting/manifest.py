"""The manifest of a month: what went in, what came out, and a seal that shows later changes."""

import csv
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tierkit.errors import TierkitError
from tierkit.reporting.provenance import Provenance, identify_run, sha256_of

NAME = "manifest.json"
FORMS = ("proposals.csv",)
"""Files that people write into where they lie, so that no hash holds them; what they ask is sealed beside them."""


def write_manifest(
    folder: Path,
    provenance: Provenance,
    *,
    headline: Mapping[str, Any],
    times: Mapping[str, str],
    failed: bool = False,
) -> Path:
    """Write manifest.json over every file of `folder`: sorted keys, hashes, row counts, and the seal; its path."""
    content = {
        **provenance.as_dict(),
        "headline": json.loads(json.dumps(dict(headline), default=str)),
        "times": dict(times),
        "failed": failed,
    }
    return seal_folder(folder, content)


def seal_folder(folder: Path, content: Mapping[str, Any]) -> Path:
    """Write manifest.json with `content`, the hash and rows of every file of `folder`, and the seal; its path."""
    outputs = {
        p.relative_to(folder).as_posix(): {"sha256": sha256_of(p), "n_rows": _rows_of(p)}
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.relative_to(folder).as_posix() not in (NAME, *FORMS)
    }
    content = {**content, "outputs": outputs}
    content["seal"] = _seal(content)
    path = folder / NAME
    path.write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a month.

    Raises
    ------
    TierkitError : it is missing, or is not JSON.
    """
    path = folder / NAME
    try:
        return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
    except FileNotFoundError:
        raise TierkitError(f"{path}: missing; the folder is not a published month") from None
    except OSError as error:
        raise TierkitError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise TierkitError(f"{path}: not valid JSON ({error}); the month was changed after publication") from None


def verify_month(folder: Path) -> list[str]:
    """What differs from the month as published, in sentences; empty where nothing does.

    Compares every file's hash, files added or gone, the seal of the manifest and the run's id.

    Someone who rewrites files, manifest and seal alike is caught only by an earlier copy of the manifest.
    """
    try:
        manifest = read_manifest(folder)
        said = changed_files(folder, manifest)
        run = identify_run(
            month=manifest["month"],
            seed=manifest["seed"],
            parameters=manifest["parameters"],
            inputs=manifest["inputs"],
            code_sha256=manifest["code"]["sha256"],
        )
        if run != manifest["run_id"]:
            said.append(f"{NAME}: run_id {manifest['run_id']} does not follow from its inputs, settings and code")
    except TierkitError as error:
        return [str(error)]
    except (KeyError, TypeError, ValueError) as error:
        return [f"{NAME}: changed after publication ({error!r})"]
    return said


def changed_files(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Files of `folder` that are gone, added or other than its manifest says, and a broken seal, in sentences."""
    outputs = dict(manifest["outputs"])
    expected = {k: v for k, v in manifest.items() if k != "seal"}
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir()}
    found = {name: path for name, path in found.items() if name not in (NAME, *FORMS)}
    # What stands behind a link is not what was published, whatever it holds; a pipe would never end.
    odd = {name for name, path in found.items() if path.is_symlink() or not path.is_file()}
    said = [f"{name}: gone since publication" for name in sorted(set(outputs) - set(found))]
    said += [f"{name}: added after publication" for name in sorted(set(found) - set(outputs))]
    said += [f"{name}: is a link or no file now, not what was published" for name in sorted(odd & set(outputs))]
    for name in sorted(set(outputs) & set(found) - odd):
        try:
            came, stood = sha256_of(found[name]), outputs[name]["sha256"]
        except OSError as error:
            said.append(f"{name}: cannot be read ({error.strerror})")
            continue
        if came != stood:
            said.append(f"{name}: changed after publication (sha256 {came[:12]}, published {stood[:12]})")
    if (folder / NAME).is_symlink():
        said.append(f"{NAME}: is a link now, not what was published")
    if _seal(expected) != manifest.get("seal"):
        said.append(f"{NAME}: changed after publication (its seal does not fit its content)")
    return said


def _seal(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _rows_of(path: Path) -> int | None:
    """Rows of a table, None of any other file."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return max(sum(1 for _ in csv.reader(file)) - 1, 0)
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return int(pq.read_metadata(path).num_rows)
    return None
