"""The page in a real Chromium: sort, search, slider, links to cards, print, names from data, accessibility."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.reporting import example
from tests.reporting.rendered import find_overflows, find_violations, needs_chromium, open_browser, open_page
from tierkit.reporting import page as parts
from tierkit.reporting.export import export_page
from tierkit.reporting.fragments import MAX_ROWS
from tierkit.reporting.tierfiles import stamp_tiers

pytestmark = [pytest.mark.page, needs_chromium]

WIDTHS = (1280, 390)


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example.write_page(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, review: Path) -> Iterator[Page]:
    """The review at 1280; nothing may have left it, failed in it, or asked a question when the test is over."""
    opened = open_page(browser, review)
    yield opened
    assert opened.said == []  # type: ignore[attr-defined]
    opened.close()


def texts(page: Page, selector: str) -> list[str]:
    return [t.replace("\u00a0", " ").strip() for t in page.locator(selector).all_text_contents()]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_text_overflows(browser: Browser, review: Path, width: int) -> None:
    assert find_overflows(open_page(browser, review, width, opened=True)) == []


def test_the_measure_sees_what_overflows(browser: Browser, tmp_path: Path) -> None:
    wide = tmp_path / "wide.html"
    wide.write_text('<!DOCTYPE html><body><p id="w" style="width:500px">x</p><p id="o">short</p></body>')
    assert find_overflows(open_page(browser, wide, 1280)) == []
    assert any("p#w" in found for found in find_overflows(open_page(browser, wide, 390)))


@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_serious(browser: Browser, review: Path, width: int) -> None:
    assert find_violations(open_page(browser, review, width, opened=True)) == []


def test_axe_would_find_a_picture_without_words(browser: Browser, tmp_path: Path) -> None:
    bare = tmp_path / "bare.html"
    bare.write_text('<!DOCTYPE html><html lang="en"><title>t</title><main><h1>t</h1><img src="data:,"></main></html>')
    assert any("image-alt" in found for found in find_violations(open_page(browser, bare)))


def test_a_head_sorts_by_key_and_says_so(page: Page) -> None:
    head = page.locator("#capacity thead th", has_text="One more Tier 1 place")
    place = head.evaluate("(h) => h.cellIndex + 1")
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    # 41,000 / 1, 3, 4, ... 7 in turn, nothing with the second rep, not known of the last: that stays last both ways
    shown = texts(page, f"#capacity tbody tr > :nth-child({place})")
    assert shown[:3] == ["$0", "$5.9k", "$6.8k"]
    assert shown[-1] == "–"
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    shown = texts(page, f"#capacity tbody tr > :nth-child({place})")
    assert shown[:3] == ["$41k", "$14k", "$10k"]
    assert shown[-1] == "–"


def test_dates_and_names_sort_as_people_read_them(page: Page) -> None:
    page.locator("#accounts summary").click()
    page.locator("#accounts thead button", has_text="Valid until").click()
    first = page.locator("#accounts tbody tr").first
    # the one account in a trigger window: 20 November, before the 29th
    assert "20 Nov 2026" in first.inner_text()
    page.locator("#accounts thead button", has_text="Account").click()
    names = texts(page, "#accounts tbody th")
    healths = [n for n in names if n.startswith("Acme Health")]
    assert healths == ["Acme Health", "Acme Health 2", "Acme Health 3"]
    assert names.index("Acme Energy") < names.index("Acme Health") < names.index("Juniper Robotics")


def test_search_leaves_the_rows_that_hold_every_word(page: Page) -> None:
    page.locator("#accounts summary").click()
    box = page.get_by_label("Find in this list: One row per tiered account")
    box.focus()
    page.keyboard.type("ACME tier 2")
    rows = page.locator("#accounts tbody tr:visible").all_text_contents()
    assert rows
    assert all("Acme" in row and "Tier 2" in row for row in rows)
    assert texts(page, "#accounts .search output") == [f"{len(rows)} of 230 shown"]
    box.fill("bose")  # the name is Böse
    assert page.locator("#accounts tbody tr:visible").count() == 1
    box.fill("")
    assert texts(page, "#accounts .search output") == ["230 of 230 shown"]


def test_the_slider_says_who_enters_and_who_leaves(page: Page) -> None:
    slider = page.locator("#size-slider")
    before = texts(page, "#size-said p")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert texts(page, "#size-said p") == before
    curve = parts.value_by_size(example.make_tiers())
    page.keyboard.press("Home")
    size, enter, leave = texts(page, "#size-said p")
    assert size.startswith("The best 1 by value hold $")
    assert enter == "0 would enter: nobody."
    # those of today's 40 that are among the best 80, less the very best
    held = int((curve["tier"] == 1).sum())
    assert leave.startswith(f"{held - 1} would leave: ")
    page.keyboard.press("End")
    _, enter, leave = texts(page, "#size-said p")
    assert enter.startswith(f"{80 - held} would enter: ")
    assert leave == "0 would leave: nobody."
    assert slider.get_attribute("aria-valuetext").startswith("80 accounts hold $")  # type: ignore[union-attr]


def test_a_link_to_an_account_opens_its_card_and_takes_the_focus(browser: Browser, review: Path) -> None:
    page = open_page(browser, review, fragment="#account-A0001")
    card = page.locator("#account-A0001")
    assert card.get_attribute("open") is not None
    assert page.evaluate("document.activeElement.parentNode.id") == "account-A0001"
    assert 0 <= card.bounding_box()["y"] < 900  # type: ignore[index]
    page.locator("#accounts > details > summary").click()
    page.locator("#accounts tbody a[href='#account-A0002']").click()
    assert page.locator("#account-A0002").get_attribute("open") is not None
    assert page.evaluate("document.activeElement.parentNode.id") == "account-A0002"
    # a second click on the same link opens it again
    page.locator("#account-A0002").evaluate("(card) => { card.open = false; }")
    page.locator("#accounts tbody a[href='#account-A0002']").click()
    assert page.locator("#account-A0002").get_attribute("open") is not None
    assert page.said == []  # type: ignore[attr-defined]


def test_every_link_leads_somewhere(page: Page) -> None:
    dead = """() => [...document.querySelectorAll("a[href^='#']")].map((a) => a.hash.slice(1))
      .filter((name) => !document.getElementById(name))"""
    assert page.evaluate(dead) == []
    assert page.locator("#decisions h3 a").count() > 0


def test_the_first_tab_skips_to_the_content(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_headings_stand_in_order(page: Page) -> None:
    levels = [int(n) for n in page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => h.tagName[1])")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_names_from_data_are_text_and_nothing_else(page: Page) -> None:
    page.locator("#accounts summary").click()
    shown = texts(page, "#accounts tbody th")
    for name in example.HOSTILE.values():
        seen = re.sub("[\u202a-\u202e]", "", name) or "A0016"  # an empty name is called by its id
        assert seen in shown, seen
    assert page.locator("#accounts bdi").count() == 2
    assert page.evaluate("document.querySelectorAll('main script:not([type])').length") == 0
    for name in ("<img src=x onerror=alert(1)>", "</script><svg onload=alert(2)>"):
        page.locator("#accounts .search input").fill(name)
        assert page.locator("#accounts tbody tr:visible").count() == 1


def test_without_script_the_page_can_be_read(browser: Browser, review: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(review.as_uri())
    assert page.locator(".search:visible").count() == 0
    page.locator("#accounts summary").click()
    assert page.locator("#accounts tbody tr").count() == 230
    assert page.locator("#account-A0001").is_visible()
    context.close()


def test_it_prints_on_a4_with_its_cards_open_and_no_controls(page: Page, tmp_path: Path) -> None:
    pdf = tmp_path / "page.pdf"
    page.pdf(path=pdf, prefer_css_page_size=True)
    # Chromium's PDF names each page's box: A4 is 595 by 842 points.
    boxes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf.read_bytes()))
    assert {(round(float(w)), round(float(h))) for w, h in boxes} == {(595, 842)}
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#account-A0001 .card").is_visible()
    for control in (".search", "#size-slider", ".contents", ".skip", "#accounts table"):
        assert page.locator(f"{control}:visible").count() == 0, control
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator("#account-A0001").get_attribute("open") is None


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page for 5,000 accounts."""
    tiers = stamp_tiers(example.make_tiers(MAX_ROWS), as_of=example.AS_OF, run_id="3f9c21ab07de")
    listed = parts.list_accounts(tiers, example.make_reasons(tiers), owners=None)
    path = tmp_path_factory.mktemp("crowded") / "index.html"
    sections = {**example.make_sections(), "accounts": parts.show_accounts(listed)}
    export_page(example.make_notebook(sections), path, title="T", hide_code=True)
    return path


def time_sort(page: Page, place: int) -> float:
    """Seconds that the page computes for, from a click on a head to the rows in their new places."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        told = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
        return sum(told[name] for name in ("ScriptDuration", "RecalcStyleDuration", "LayoutDuration"))

    before = spent()
    page.evaluate(
        """(place) => {
          document.querySelectorAll("#accounts thead button")[place].click();
          document.body.getBoundingClientRect();
        }""",
        place,
    )
    return spent() - before


def test_a_page_for_5000_accounts_is_small_and_sorts_at_once(browser: Browser, crowded: Path) -> None:
    assert crowded.stat().st_size < 3_000_000
    page = open_page(browser, crowded)
    page.locator("#accounts summary").click()
    assert page.locator("#accounts tbody tr").count() == 5_000
    # the quickest of three clicks on each head, in the page's own time: what else the machine does is no part of it
    assert max(min(time_sort(page, place) for _ in range(3)) for place in (0, 3, 4, 6)) < 0.2
    page.locator("#accounts .search input").fill("acme logistics 12")
    assert texts(page, "#accounts .search output") == ["1 of 5,000 shown"]
