"""The page of ratios as Markdown: a table a group, then the machine and the versions."""

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import tierkit
from tests.benchmarks.ratios import Figure, Ratio, Row, Seconds

HEAD = """\
# Benchmarks

Each row is the same work done by tierkit and by a named peer, in turn in one process: seconds of CPU on one thread,
the median of the turns and, in brackets, the least and the most. The ratio is the peer's seconds over ours; below 1 the
peer is faster. The last column says how the answers were compared: `make bench` fails where one differs.
"""
ABSENT = """\
## Not on this page

- Finding duplicates: no maintained peer answers the same question on the same terms. `tests.benchmarks.duplicates`
  holds it against planted pairs.
- How right models, policy and checks are: `make simulations`, against the truth of simulated companies.
"""
RATIOS = ("Work", "tierkit", "Peer", "Peer's time", "Ratio", "Claim", "Answers")
FIGURES = ("Work", "Figure", "Limit", "Answers")
VERSIONS = (
    "numpy", "pandas", "scipy", "numba", "lightgbm", "shap", "woodelf-explainer", "scikit-learn", "pyarrow",
    "duckdb", "polars",
)  # fmt: skip


def page_of(groups: Mapping[str, Sequence[Row]], broken: Mapping[str, str] | None = None) -> str:
    """The whole page.

    Parameters
    ----------
    groups : rows by the heading they stand under.
    broken : of groups that could not be measured to their end, what went wrong.
    """
    parts = [HEAD, f"{_summary([row for rows in groups.values() for row in rows])}\n"]
    for name, rows in groups.items():
        parts.append(f"## {name[:1].upper()}{name[1:]}\n")
        if broken and name in broken:
            parts.append(f"**Not measured to the end:** {_cell(broken[name])}\n")
        for head, table in (
            (RATIOS, [_ratio(row) for row in rows if isinstance(row, Ratio)]),
            (FIGURES, [_figure(row) for row in rows if isinstance(row, Figure)]),
        ):
            if table:
                parts.append(_table(head, table))
    parts += [ABSENT, "## Machine and versions\n", "\n".join(f"- {line}" for line in machine()) + "\n"]
    return "\n".join(parts)


def _summary(rows: Sequence[Row]) -> str:
    """How many answers agree, and how many claims and limits held."""
    claims = [row for row in rows if (row.at_least if isinstance(row, Ratio) else row.at_most) is not None]
    judged = [row for row in rows if row.compared]
    agree, held = sum(row.agrees for row in judged), sum(row.reached for row in claims)
    return f"Answers that agree: {agree} of {len(judged)}. Claims and limits held: {held} of {len(claims)}."


def machine() -> list[str]:
    """Processor, cores, memory, Python and versions; nothing that names this machine or a folder on it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    found = [f"{name} {number}" for name in VERSIONS if (number := _version(name))]
    absent = [name for name in VERSIONS if not _version(name)]
    lines = [
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()}",
        f"Python {platform.python_version()}; tierkit {tierkit.__version__}, {', '.join(found)}",
    ]
    return [*lines, f"not installed, so not measured: {', '.join(absent)}"] if absent else lines


def said(row: Row) -> str:
    """A row as a line while it runs, and in the sentence that says what failed."""
    work = f"{row.what}, {row.size}" if row.size else row.what
    if isinstance(row, Figure):
        return f"{work}: {_number(row.figure)} {row.unit}"
    return f"{work}: {duration(row.ours.median)}; {row.peer} {duration(row.theirs.median)}: {_times(row.times)} times"


def duration(seconds: float) -> str:
    """Seconds to three digits, in a unit that needs no zeros."""
    unit, size = _unit(seconds)
    return f"{_number(seconds / size)} {unit}"


def _unit(seconds: float) -> tuple[str, float]:
    """The unit for so many seconds, and how long it is."""
    for unit, size in (("µs", 1e-6), ("ms", 1e-3)):
        if seconds < 999.5 * size:
            return unit, size
    return "s", 1.0


def _ratio(row: Ratio) -> list[str]:
    peer = f"`{row.peer}`<br>{row.library} {_version(row.library)}".rstrip()
    theirs = f"{_spread(row.theirs)}<br>{row.scaled}" if row.scaled else _spread(row.theirs)
    times = f"**{_times(row.times)}**" if row.times >= 1 else f"{_times(row.times)}, the peer is faster"
    claim = "" if row.at_least is None else f"at least {row.at_least:g}: {'held' if row.reached else '**missed**'}"
    return [_work(row), _spread(row.ours), peer, theirs, times, claim, _answers(row)]


def _figure(row: Figure) -> list[str]:
    limit = "" if row.at_most is None else f"at most {row.at_most:g}: {'held' if row.reached else '**missed**'}"
    return [_work(row), f"{_number(row.figure)} {row.unit}", limit, _answers(row)]


def _work(row: Row) -> str:
    return f"**{row.what}**<br>{row.size}" if row.size else f"**{row.what}**"


def _answers(row: Row) -> str:
    return row.compared if row.agrees else f"**DIFFER:** {row.compared}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    # Figures stand to the right, words to the left
    rule = ["--:" if name in ("tierkit", "Peer's time", "Ratio", "Figure") else ":--" for name in head]
    lines = [head, rule, *([_cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _spread(seconds: Seconds) -> str:
    unit, size = _unit(seconds.median)
    least, median, most = (_number(s / size) for s in (seconds.least, seconds.median, seconds.most))
    # Spaces that do not break: a figure stands on a line with its unit
    return f"{median}\u00a0{unit}<br>({least}\u00a0to\u00a0{most})"


def _times(ratio: float) -> str:
    return f"{_number(ratio)}" if ratio < 100 else f"{ratio:,.0f}"


def _number(figure: float) -> str:
    """Three digits, or all before the point."""
    if figure >= 99.95:
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if figure >= 9.995 else f"{figure:.2f}"


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
