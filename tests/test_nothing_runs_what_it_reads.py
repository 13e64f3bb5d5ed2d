"""Nothing that tierkit reads can run code: no pickle and its kin anywhere, models as text and JSON.

Notebooks of a project are code by design; a run takes their hashes into its manifest.
"""

import ast
import json
from pathlib import Path

import pytest

from tierkit.errors import TierkitError
from tierkit.models.store import load_models

PACKAGE = Path(__file__).parents[1] / "tierkit"
MODULES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "yaml", "torch"}
CALLS = {"eval", "exec", "read_pickle", "to_pickle", "compile_command", "literal_eval_unsafe"}


def offences(code: str) -> list[str]:
    """Names of modules and calls that could run what they read."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            found.append(str(node.module))
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            found += [name] if name in CALLS else []
            found += [k.arg for k in node.keywords if k.arg == "allow_pickle"]
    return found


def test_the_search_finds_what_it_looks_for() -> None:
    code = "import pickle\nfrom joblib import load\npd.read_pickle('x')\nnp.load('x', allow_pickle=True)\neval('1')"
    assert sorted(offences(code)) == ["allow_pickle", "eval", "joblib", "pickle", "read_pickle"]


def test_no_code_of_tierkit_reads_anything_that_could_run() -> None:
    found = {p.name: bad for p in PACKAGE.rglob("*.py") if (bad := offences(p.read_text(encoding="utf-8")))}
    assert found == {}


def test_stored_models_are_text_and_name_only_classes_of_tierkit(demo_reports: Path, tmp_path: Path) -> None:
    files = [p for p in (demo_reports / "2026-10" / "models").iterdir() if p.is_file()]
    assert {p.suffix for p in files} <= {".json", ".csv", ".txt"}
    for path in files:
        path.read_text(encoding="utf-8")
    (tmp_path / "versions.json").write_text("{}")
    for name in ("os:system", "subprocess:Popen", "tierkit.errors:TierkitError", "tierkit.cli:run"):
        (tmp_path / "win.json").write_text(json.dumps({"class": name}))
        with pytest.raises(TierkitError, match="is not a model of tierkit"):
            load_models(tmp_path)
