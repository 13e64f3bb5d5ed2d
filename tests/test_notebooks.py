"""The notebooks are thin, prose outweighs code, and nothing is left in them from a run."""

import ast
import json
from pathlib import Path

import pytest

from tierkit.reporting.notebooks import NEEDS, check_parameters

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def cells(path: Path, kind: str) -> list[str]:
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(c["source"]) for c in found if c["cell_type"] == kind]


APART = ["90_what_if"]
"""For trying things: beside the notebooks of a run, which never executes them."""


def test_all_but_the_what_if_are_those_a_run_executes():
    assert [p.stem for p in NOTEBOOKS] == sorted([*NEEDS, *APART])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
class TestNotebook:
    def test_defines_nothing_and_touches_no_path(self, path):
        for source in cells(path, "code"):
            kinds = {type(node) for node in ast.walk(ast.parse(source))}
            assert not kinds & {ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda}
            assert "sys.path" not in source

    def test_has_no_outputs_in_git(self, path):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            assert not cell.get("outputs")
            assert cell.get("execution_count") is None

    def test_cells_are_at_most_twelve_lines(self, path):
        assert max(len(source.splitlines()) for source in cells(path, "code")) <= 12

    def test_prose_outweighs_code(self, path):
        assert len(cells(path, "markdown")) >= 1.5 * len(cells(path, "code"))

    def test_asks_a_question_in_its_title(self, path):
        title = cells(path, "markdown")[0].splitlines()[0]
        assert title.startswith("# ")
        assert title.endswith("?")

    def test_ends_with_what_to_decide_and_what_not_to_conclude(self, path):
        last = cells(path, "markdown")[-1].lower()
        assert "decide" in last
        assert "do not conclude" in last

    def test_declares_the_parameters_a_run_gives(self, path):
        check_parameters(path, {"month": "2026-10", "sheet": "../tierkit.toml", "draft": "../reports/.draft"})
