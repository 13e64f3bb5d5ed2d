"""Look at a page in headless Chromium: what overflows at a width, a screenshot, a print."""

import html
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)

_MEASURE = """
addEventListener("load", () => {
  const page = document.getElementById("page").contentDocument, found = [];
  for (const d of page.querySelectorAll("details")) d.open = OPEN;
  const name = (e) => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + "." + e.className + ": " +
    e.textContent.trim().slice(0, 60);
  for (const e of page.body.querySelectorAll("*")) {
    const style = page.defaultView.getComputedStyle(e);
    if (e.closest("svg") || style.display === "inline" || ["auto", "scroll"].includes(style.overflowX)) continue;
    if (e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1) found.push(name(e));
    const box = e.getBoundingClientRect(), scrolls = e.closest(".table-wrap, .code, .shown:has(> table)");
    if (!scrolls && box.width > 0 && (box.right > WIDTH + 1 || box.left < -1)) found.push("outside " + name(e));
  }
  document.getElementById("found").textContent = JSON.stringify([...new Set(found)]);
  document.getElementById("height").textContent = page.documentElement.scrollHeight;
});
"""


def _framed(path: Path, width: int, *, opened: bool, height: int = 4000) -> str:
    """A page that holds `path` in a frame of `width`: a window of Chromium cannot be as narrow as a phone."""
    script = _MEASURE.replace("WIDTH", str(width)).replace("OPEN", "true" if opened else "false")
    source = html.escape(path.read_text(encoding="utf-8"), quote=True)
    return (
        '<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">'
        f'<iframe id="page" style="border:0;width:{width}px;height:{height}px" srcdoc="{source}"></iframe>'
        f'<pre id="found" hidden></pre><pre id="height" hidden></pre><script>{script}</script>'
    )


def _run(*arguments: str) -> str:
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    return done.stdout


def _measured(path: Path, width: int, *, opened: bool) -> tuple[list[str], int]:
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.html"
        frame.write_text(_framed(path, width, opened=opened), encoding="utf-8")
        dom = dump_dom(frame)
    found = re.search(r'<pre id="found" hidden="">(.*?)</pre>', dom, flags=re.S)
    height = re.search(r'<pre id="height" hidden="">(\d+)</pre>', dom)
    assert found is not None, "the page was not measured"
    assert height is not None, "the page was not measured"
    return json.loads(html.unescape(found.group(1))), int(height.group(1))


def dump_dom(path: Path) -> str:
    """The page as it stands after its scripts have run."""
    return _run("--dump-dom", path.as_uri())


def overflows(path: Path, width: int, *, opened: bool = True) -> list[str]:
    """Elements whose text does not fit at `width`, or that reach outside the page; every fold opened unless told."""
    return _measured(path, width, opened=opened)[0]


def screenshot(path: Path, picture: Path, width: int, *, opened: bool = False) -> Path:
    """A picture of the whole page at `width`."""
    _, height = _measured(path, width, opened=opened)
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.html"
        frame.write_text(_framed(path, width, opened=opened, height=height), encoding="utf-8")
        _run(f"--window-size={max(width, 500)},{height}", f"--screenshot={picture}", frame.as_uri())
    return picture


def print_pdf(path: Path, pdf: Path) -> Path:
    """The page as it prints on A4."""
    _run("--no-pdf-header-footer", f"--print-to-pdf={pdf}", path.as_uri())
    return pdf
