"""`tierkit check`: what is in the data before anything is run, in a few lines and on a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tierkit.errors import TierkitError
from tierkit.reporting.readiness.doubts import find_doubts
from tierkit.reporting.readiness.look import Tell, check_out, look_at
from tierkit.reporting.readiness.page import write_check_page
from tierkit.reporting.readiness.screen import say_screen


@dataclass(frozen=True)
class Checked:
    """What `tierkit check` says; `error` is what a run would stop at, and the page tells all of it."""

    lines: tuple[str, ...]
    error: TierkitError | None


def check_data(path: Path, *, out: Path, columns: Sequence[str] = (), tell: Tell = lambda _: None) -> Checked:
    """Look at a run sheet's tables and its tier policy, a folder of tables, or one export of deals; write the page.

    Parameters
    ----------
    out : where the page is written, also where the tables do not open; an earlier page there is removed first.
    columns : `canonical=name`, where an export calls a column of deals by a name that is not customary.
    tell : is told what is being done.

    Raises
    ------
    SheetError : the page cannot be written there.
    """
    check_out(out)
    out.unlink(missing_ok=True)
    look = look_at(path, columns=columns, tell=tell)
    tell("Writing the page")
    doubts = find_doubts(look)
    write_check_page(look, doubts, out)
    return Checked((*say_screen(look, doubts), f"Page: {out}"), look.error)
