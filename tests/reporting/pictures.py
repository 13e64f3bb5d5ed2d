"""The README's pictures of a month's page: `python -m tests.reporting.pictures PAGE FOLDER`."""

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.reporting.rendered import open_browser, open_page

_SCREENS = {"page.png": (1280, 1500), "page-390.png": (390, 1500)}
"""Name, width and height of each picture from the top of the page."""

_PRINT_DPI = 100


def make_pictures(page: Path, folder: Path) -> list[Path]:
    """Write page.png (1280 wide), page-390.png and page-print.png (its first sheet of A4) to `folder`; their paths."""
    made = []
    with open_browser() as browser, tempfile.TemporaryDirectory() as scratch:
        for name, (width, height) in _SCREENS.items():
            opened = open_page(browser, page, width)
            opened.set_viewport_size({"width": width, "height": height})
            opened.screenshot(path=Path(scratch) / name)
            made.append(_shrink(Path(scratch) / name, folder / name))
        pdf, sheet = Path(scratch) / "page.pdf", Path(scratch) / "page-print.png"
        open_page(browser, page).pdf(path=pdf, prefer_css_page_size=True)
        render = ["pdftoppm", "-r", str(_PRINT_DPI), "-singlefile", "-png", str(pdf), str(sheet.with_suffix(""))]
        subprocess.run(render, check=True, timeout=120)
        made.append(_shrink(sheet, folder / sheet.name))
    return made


def _shrink(picture: Path, to: Path) -> Path:
    """The picture without what nobody sees (transparency, notes of the program), packed as well as it goes."""
    with Image.open(picture) as full:
        full.convert("RGB").save(to, optimize=True)
    return to


if __name__ == "__main__":
    for path in make_pictures(Path(sys.argv[1]).resolve(), Path(sys.argv[2])):
        print(f"{path}  {path.stat().st_size / 1000:.0f} kB")
