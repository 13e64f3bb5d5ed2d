"""The examples of a Markdown page: its Python blocks, and its console blocks with what the commands answer."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser

_CHECK = doctest.OutputChecker()
_AS_SHOWN = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class ConsoleParser(CodeBlockParser):
    """Blocks of `$ command` and the answer below it; `...` stands for any text, and what failed ends in its code."""

    language = "console"

    def evaluate(self, example: Example) -> None:
        """Run each command in the folder of the page's examples and hold its answer against the one shown."""
        for block in re.split(r"^\$ ", example.parsed, flags=re.MULTILINE)[1:]:
            command, _, shown = block.partition("\n")
            said = _run(command, example.namespace["folder"])
            if not _CHECK.check_output(shown.strip() + "\n", said.strip() + "\n", _AS_SHOWN):
                raise AssertionError(f"$ {command}\n\nshown:\n{shown}\nsaid:\n{said}")


def run_examples(page: Path, folder: Path) -> int:
    """Run every example of a page in `folder`, one after the other; how many there were."""
    parsers = [PythonCodeBlockParser(), ConsoleParser(), SkipParser()]
    document = Sybil(parsers=parsers).parse(page)
    document.namespace["folder"] = folder
    examples = list(document.examples())
    for example in examples:
        example.evaluate()
    return len(examples)


def _run(command: str, folder: Path) -> str:
    """What a command says on both its streams; `tierkit` is the one under test."""
    ours = f'"{sys.executable}" -c "from tierkit.cli import app; app()"'
    shell = re.sub(r"(^|; )tierkit\b", lambda start: f"{start[1]}{ours}", command)
    done = subprocess.run(
        ["bash", "-c", shell],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return f"{done.stdout}\n(exit {done.returncode})" if done.returncode else done.stdout
