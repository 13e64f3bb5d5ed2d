"""The reference, made of what the code says of itself: `python -m tests.docs.reference docs/reference`."""

import html
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

import tierkit
from tierkit.cli import app
from tierkit.inputs.contracts import CONTRACTS, Column
from tierkit.runsheet import explain_key, sheet_keys

_MADE = "<!-- made by `make reference`; edit the docstrings instead -->"
_HEADING = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)
_ENTRY = re.compile(r"^([a-z_][\w, ]*|[A-Z]\w+(?:, [A-Z]\w+)*) : ")
_SHOWN_FOR = "data.accounts."
_OF_ONE_TABLE = tuple(f"data.{name}." for name in CONTRACTS if f"data.{name}." != _SHOWN_FOR)


def make_reference() -> dict[str, str]:
    """Every page of the reference by its file name."""
    return {
        "verbs.md": "\n".join(_verbs()),
        "tables.md": "\n".join(_tables()),
        "run_sheet.md": "\n".join(_run_sheet()),
        "command_line.md": _command_line(),
    }


def _verbs() -> Iterator[str]:
    yield from ("# The verbs", "", _MADE, "", "What `import tierkit as tk` offers, in the order of a run.", "")
    for name in (name for name in tierkit.__all__ if not name.startswith("__")):
        verb = getattr(tierkit, name)
        yield from (f"## tk.{name}", "", "```python", f"{name}{_signature(verb)}", "```", "", *_prose(verb), "")


def _signature(verb: Any) -> str:
    """Parameters a line each, without the rooms their kinds live in."""
    signature = inspect.signature(verb)
    parts, starred = [], False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            parts.append("    *,")
            starred = True
        parts.append(f"    {_bare(str(parameter))},")
    end = _bare(inspect.formatannotation(signature.return_annotation))
    return "\n".join(["(", *parts, f") -> {end}"])


def _bare(said: str) -> str:
    return re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Za-z])", "", said)


def _prose(verb: Any) -> Iterator[str]:
    """A docstring as Markdown: its sections bold, their entries a list, its examples code."""
    text = inspect.getdoc(verb) or ""
    for line in _HEADING.sub(r"**\1**\n", text).splitlines():
        entry = _ENTRY.match(line)
        yield f"- `{entry[1]}`: {line[entry.end() :]}" if entry else line


def _tables() -> Iterator[str]:
    yield from ("# The tables", "", _MADE, "")
    yield "Only `deals` with `deal_id` and `outcome` is needed to begin. Required columns are bold; columns that nobody"
    yield "named are candidate features after the leak screen. `data/README.md` describes the demo's own."
    for contract in CONTRACTS.values():
        yield from ("", f"## {contract.name}", "", f"{contract.grain[0].upper()}{contract.grain[1:]}.", "")
        if contract.key:
            yield from (f"Key: {', '.join(f'`{name}`' for name in contract.key)}.", "")
        yield from ("| column | kind | what it holds |", "|---|---|---|")
        for column in contract.columns:
            name = f"**{column.name}**" if column.required else column.name
            yield f"| {name} | {column.kind} | {column.about}{_allowed(column)} |"


def _allowed(column: Column) -> str:
    if column.values:
        return f" ({', '.join(column.values)})"
    if column.low is not None and column.high is not None:
        return f" ({column.low:g} to {column.high:g})"
    return "" if column.low is None else f" ({column.low:g} or more)"


def _run_sheet() -> Iterator[str]:
    yield from ("# The run sheet", "", _MADE, "")
    yield "Every key of `tierkit.toml`, as `tierkit explain KEY` says it. A starter sheet has at most twelve; the rest"
    yield "have defaults. An unknown key is refused, and the nearest known one is offered. TABLE is any table."
    yield ""
    for key in sheet_keys():
        if key.startswith(_OF_ONE_TABLE):
            continue
        said = explain_key(key).splitlines()[0].replace(_SHOWN_FOR, "data.TABLE.")
        key = key.replace(_SHOWN_FOR, "data.TABLE.")
        if "." not in key and not said.startswith(f"{key} ("):
            yield from ("", f"## [{key}]", "", said.removeprefix(f"{key}: "), "")
        else:
            yield f"- `{key}`{html.escape(said.removeprefix(key), quote=False)}"


def _command_line() -> str:
    from typer.cli import get_docs_for_click

    command = typer.main.get_command(app)
    said = get_docs_for_click(obj=command, ctx=typer.Context(command, info_name="tierkit"), name="tierkit")
    title, _, rest = html.unescape(said).partition("\n")
    return f"{title.replace('`tierkit`', 'The command line')}\n\n{_MADE}\n{rest}".rstrip() + "\n"


if __name__ == "__main__":
    for file, page in make_reference().items():
        (Path(sys.argv[1]) / file).write_text(page.rstrip() + "\n", encoding="utf-8")
