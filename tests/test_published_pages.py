"""Every page of the demo's published month in a real Chromium: nothing overflows, leaves, fails or goes unheard."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.reporting.rendered import find_overflows, find_violations, needs_chromium, open_browser, open_page
from tierkit.reporting.notebooks import NEEDS

PAGES = ["index", *(name for name in NEEDS if name != "70_monthly_review")]

pytestmark = [pytest.mark.page, pytest.mark.slow, needs_chromium]


@pytest.fixture(scope="module")
def browser(demo_reports) -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_can_be_heard(browser: Browser, demo_reports, name: str, width: int) -> None:
    page = open_page(browser, demo_reports / "2026-10" / f"{name}.html", width, opened=True)
    assert find_overflows(page) == []
    assert find_violations(page) == []
    assert page.said == []  # type: ignore[attr-defined]
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_index_of_months_fits_and_can_be_heard(browser: Browser, demo_reports, width: int) -> None:
    page = open_page(browser, demo_reports / "index.html", width, opened=True)
    assert find_overflows(page) == []
    assert find_violations(page) == []
    assert page.said == []  # type: ignore[attr-defined]
