"""What the tests of the whole share: the demo, run once for both months."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def demo_project(tmp_path_factory) -> Path:
    """The demo's run sheet in a folder of its own, over the data in git."""
    folder = tmp_path_factory.mktemp("project")
    sheet = folder / "tierkit.toml"
    text = (ROOT / "tierkit.toml").read_text(encoding="utf-8")
    sheet.write_text(text.replace('"data/demo"', f'"{(ROOT / "data" / "demo").as_posix()}"'), encoding="utf-8")
    return sheet


@pytest.fixture(scope="session")
def demo_reports(demo_project) -> Path:
    """The published months of the demo."""
    from tierkit.reporting.monthly import run_months

    run_months(demo_project, ["2026-09", "2026-10"])
    return demo_project.parent / "reports"


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server; without its package tests are skipped, but for those of CI."""
    from tests.postgres import PostgresMissingError, start_postgres

    try:
        with start_postgres() as server:
            yield server
    except PostgresMissingError as reason:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(reason))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real inputs; tests that need it skip without it."""
    folder = os.environ.get("TIERKIT_REAL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("TIERKIT_REAL_DATA names no folder of real inputs")
    return Path(folder)


@pytest.fixture(scope="session")
def real_sheet(real_data, tmp_path_factory):
    """Lay a sheet of `tests/sheets`, and what is added to it, beside the real inputs it names."""

    def lay(name: str, added: str = "") -> Path:
        folder = tmp_path_factory.mktemp(name)
        (folder / "data").symlink_to(real_data, target_is_directory=True)
        text = (ROOT / "tests" / "sheets" / f"{name}.toml").read_text(encoding="utf-8")
        (folder / "tierkit.toml").write_text(f"{text}\n{added}", encoding="utf-8")
        return folder / "tierkit.toml"

    return lay
