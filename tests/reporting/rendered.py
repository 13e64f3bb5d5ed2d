"""Look at a page in headless Chromium: what overflows, what a screen reader would miss, a picture, a print."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = Path(__file__).parent.parent / "node_modules" / "axe-core" / "axe.min.js"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"

needs_chromium = pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium on this machine")

_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--hide-scrollbars")

_OVERFLOWS = """() => {
  const found = [], width = innerWidth, scrolls = ".table-wrap, .code, .shown";
  const name = (e) => `${e.tagName.toLowerCase()}${e.id ? "#" + e.id : ""}.${e.className}: ` +
    e.textContent.trim().slice(0, 60);
  for (const e of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(e);
    if (e.closest("svg, .skip") || style.display === "inline" || ["auto", "scroll"].includes(style.overflowX)) continue;
    if (e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 && !e.closest(scrolls)) found.push(name(e));
    const box = e.getBoundingClientRect();
    if (!e.closest(scrolls) && box.width > 0 && (box.right > width + 1 || box.left < -1))
      found.push("outside " + name(e));
  }
  if (document.documentElement.scrollWidth > width) found.push("the page scrolls sideways");
  return [...new Set(found)];
}"""


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A Chromium of its own. While it is open no other event loop runs in this thread: keep it within one module."""
    assert CHROMIUM is not None, "no Chromium on this machine"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def open_page(browser: Browser, path: Path, width: int = 1280, *, fragment: str = "", opened: bool = False) -> Page:
    """The page at `width`; `said` of it collects requests that leave it, errors on its console, and dialogs."""
    page = browser.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    said: list[str] = []
    page.on("request", lambda r: said.append(f"asked {r.url}") if not r.url.startswith(("file:", "data:")) else None)
    page.on("console", lambda m: said.append(f"console: {m.text}") if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: said.append(f"error: {e}"))
    page.on("dialog", lambda d: (said.append(f"dialog: {d.message}"), d.dismiss()))
    page.said = said  # type: ignore[attr-defined]
    page.goto(path.as_uri() + fragment)
    if opened:
        page.evaluate("() => document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    return page


def find_overflows(page: Page) -> list[str]:
    """Elements whose text does not fit, or that reach outside the page."""
    return list(page.evaluate(_OVERFLOWS))


def find_violations(page: Page) -> list[str]:
    """What axe-core calls serious or critical, a line each."""
    page.add_script_tag(content=read_axe())
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{v['id']} ({v['impact']}): {v['help']}: {node['html'][:160]}"
        for v in found
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"][:3]
    ]


def read_axe() -> str:
    """axe-core as `make test` installs it from the npm registry; its bytes are those this project was tested with."""
    if not AXE.is_file():
        because = "axe-core is not installed: `npm install --prefix tests`, as `make test` does"
        if os.environ.get("CI"):
            raise AssertionError(because)
        pytest.skip(because)
    source = AXE.read_bytes()
    assert hashlib.sha256(source).hexdigest() == AXE_SHA256, "axe-core is not the file this project was tested with"
    return source.decode("utf-8")


def overflows(path: Path, width: int, *, opened: bool = True) -> list[str]:
    """`find_overflows` in a browser of its own; every fold opened unless told."""
    with open_browser() as browser:
        return find_overflows(open_page(browser, path, width, opened=opened))


def screenshot(path: Path, picture: Path, width: int, *, opened: bool = False) -> Path:
    """A picture of the whole page at `width`."""
    with open_browser() as browser:
        open_page(browser, path, width, opened=opened).screenshot(path=picture, full_page=True)
    return picture


def print_pdf(path: Path, pdf: Path) -> Path:
    """The page as it prints on A4."""
    with open_browser() as browser:
        open_page(browser, path).pdf(path=pdf, prefer_css_page_size=True, print_background=False)
    return pdf
