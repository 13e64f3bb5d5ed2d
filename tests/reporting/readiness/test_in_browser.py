"""The readiness page in a real Chromium: nothing overflows, nothing is asked for, and people who hear it can use it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.reporting.readiness.companies import write_company
from tests.reporting.rendered import find_overflows, find_violations, needs_chromium, open_browser, open_page
from tierkit.reporting.preflight import check_data

pytestmark = [pytest.mark.page, needs_chromium]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A whole company's page, and that of broken tables."""
    folder = tmp_path_factory.mktemp("pages")
    check_data(write_company(folder / "whole", n_deals=500), out=folder / "whole.html")
    broken = folder / "broken"
    broken.mkdir()
    (broken / "deals.csv").write_text("deal_id,outcome,acv\n1,won,5\n2,perhaps,-3\n" + f"3,{'x' * 300},1\n")
    check_data(broken, out=folder / "broken.html")
    return {"whole": folder / "whole.html", "broken": folder / "broken.html"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["whole", "broken"])
def test_the_page_fits_and_says_nothing_on_its_console(
    browser: Browser, pages: dict[str, Path], name: str, width: int
) -> None:
    page = open_page(browser, pages[name], width, opened=True)
    assert find_overflows(page) == []
    assert page.said == []  # type: ignore[attr-defined]
    page.close()


@pytest.mark.parametrize("name", ["whole", "broken"])
def test_axe_finds_nothing_serious(browser: Browser, pages: dict[str, Path], name: str) -> None:
    assert find_violations(open_page(browser, pages[name], opened=True)) == []
