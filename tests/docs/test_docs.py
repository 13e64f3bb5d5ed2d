"""The pages do what they say: examples run, links lead somewhere, the reference is what the code says."""

import re
import shutil
from pathlib import Path

import pytest

from tests.docs.examples import run_examples
from tests.docs.reference import make_reference

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), ROOT / "README.md"])


@pytest.fixture
def project(demo_project, demo_reports, tmp_path, monkeypatch) -> Path:
    """The demo as `make report` leaves it, to be changed by a page's examples."""
    for name in ("data", "notebooks", "tierkit.toml"):
        source = ROOT / name
        shutil.copytree(source, tmp_path / name) if source.is_dir() else shutil.copy(source, tmp_path / name)
    shutil.copytree(demo_reports, tmp_path / "reports")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_runs_as_shown(page, project):
    said = re.findall(r"^```(?:python|console)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert run_examples(page, project) == len(said)


@pytest.mark.parametrize("page", [*PAGES, *sorted(DOCS.rglob("reference/*.md"))], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_reference_is_what_the_code_says():
    for file, text in make_reference().items():
        stands = (DOCS / "reference" / file).read_text(encoding="utf-8")
        assert stands == text.rstrip() + "\n", f"{file}: write it anew with `make reference`"


def test_the_index_names_every_page():
    said = (DOCS / "index.md").read_text(encoding="utf-8")
    pages = [p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md") if p.name != "index.md"]
    assert [page for page in pages if f"]({page})" not in said] == []
