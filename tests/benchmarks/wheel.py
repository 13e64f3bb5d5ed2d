"""The wheel on each Python: an empty environment, `pip install`, `tierkit demo` in an empty folder.

`python -m tests.benchmarks.wheel python3.11 python3.12 python3.13`
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tierkit.reporting.manifest import read_manifest, verify_month

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Build the wheel once and try it on every Python named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pythons", nargs="*", default=[sys.executable], help="interpreters, 3.11 to 3.13")
    with tempfile.TemporaryDirectory() as folder:
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
        (wheel,) = Path(folder).glob("*.whl")
        for number, python in enumerate(parser.parse_args().pythons):
            print(try_wheel(wheel, python, Path(folder) / str(number)), flush=True)


def try_wheel(wheel: Path, python: str, folder: Path) -> str:
    """Install the wheel for one Python and run the demo with it; a line of figures.

    Raises
    ------
    CalledProcessError : it cannot be installed, or the demo fails.
    AssertionError : the month published is not what its manifest says.
    """
    subprocess.run([python, "-m", "venv", str(folder / "env")], check=True)
    own = folder / "env" / "bin"
    installed = _seconds([own / "python", "-m", "pip", "install", "--quiet", wheel], folder)
    empty = folder / "empty"
    empty.mkdir()
    ran = _seconds([own / "tierkit", "demo", "."], empty)
    month = empty / "reports" / "2026-10"
    breaches = verify_month(month)
    assert not breaches, breaches
    versions = read_manifest(month)["versions"]
    said = ", ".join(f"{name} {versions[name]}" for name in ("pandas", "lightgbm", "scipy", "duckdb"))
    return f"Python {versions['python']}: installed in {installed:.0f} s, demo in {ran:.0f} s, verified; {said}"


def _seconds(command: list[object], folder: Path) -> float:
    began = time.perf_counter()
    subprocess.run([str(part) for part in command], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
