"""What is built carries all that a run needs, whether from a checkout or from the source archive."""

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

import tierkit

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """The source archive, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    _build("sdist", ROOT, folder)
    (packed,) = folder.glob("*.tar.gz")
    with tarfile.open(packed) as tar:
        tar.extractall(folder, filter="data")
    return folder / packed.name.removesuffix(".tar.gz")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> dict[str, bytes]:
    """Every file of the wheel that the checkout makes."""
    return _wheel_of(ROOT, tmp_path_factory.mktemp("wheel"))


def _build(target: str, source: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


def _wheel_of(source: Path, folder: Path) -> dict[str, bytes]:
    _build("wheel", source, folder)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_the_wheel_carries_every_file_of_the_package_the_notebooks_and_the_demo_sheet(wheel):
    package = [p for p in (ROOT / "tierkit").rglob("*") if p.is_file() and p.parent.name != "__pycache__"]
    assert {p.relative_to(ROOT).as_posix() for p in package} <= set(wheel)
    assert {f"tierkit/notebooks/{p.name}" for p in (ROOT / "notebooks").glob("*.ipynb")} <= set(wheel)
    assert {"tierkit/demo.toml", "tierkit/py.typed"} <= set(wheel)
    assert any(name.endswith("licenses/LICENSE") for name in wheel)


def test_the_source_archive_makes_the_same_wheel(archive, wheel, tmp_path):
    assert _wheel_of(archive, tmp_path) == wheel


def test_the_source_archive_carries_the_tests_and_no_report(archive):
    assert (archive / "tests" / "conftest.py").exists()
    assert (archive / "constraints.txt").exists()
    # The page of `make bench` may stand there; what runs publish may not
    assert {p.name for p in (archive / "reports").iterdir()} - {"benchmarks.md"} == {"README.md"}


def test_one_version_and_one_licence_stand_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert project["version"] == tierkit.__version__ == citation["version"]
    assert project["license"] == citation["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
