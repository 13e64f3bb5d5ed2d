"""What can go wrong, and the exit code that says so."""

from typing import Any


class TierkitError(Exception):
    """A run failed; the message names what, where and the repair."""

    exit_code = 1


class MachineError(TierkitError):
    """The machine refused: no disk, memory or rights left, no time left by the run sheet, or a process was ended."""


class SheetError(TierkitError):
    """The run sheet or the command line asks for something that cannot be."""

    exit_code = 2


class TableError(TierkitError):
    """A table breaks its contract; the message lists every breach at once.

    `opened` is what was found on the way (`tierkit.inputs.opening.Opened`), where tables were being opened.
    """

    exit_code = 3

    def __init__(self, *said: object, opened: Any = None) -> None:
        super().__init__(*said)
        self.opened = opened


class AuditError(TierkitError):
    """The self-audit stopped publication."""

    exit_code = 4
