"""The command line: `tierkit demo | init | check | audit-tiers | run | approve | review | verify | score | explain`."""

import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from tierkit.errors import SheetError, TierkitError

app = typer.Typer(
    help="B2B account tiering that explains itself and proves, or refuses to claim, that it works.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
review = typer.Typer(
    help="Have managers judge a few accounts every week, and keep what they say.", no_args_is_help=True
)
app.add_typer(review, name="review")


class Origin(StrEnum):
    """Whose exports a run sheet is started from."""

    salesforce = "salesforce"
    hubspot = "hubspot"
    csv = "csv"


SheetOption = Annotated[Path, typer.Option("--sheet", help="The run sheet.")]
console = Console(soft_wrap=True, highlight=False)
_STOPPED = 130
"""Exit code of what somebody stopped, as shells have it: 128 and the number of the signal."""


@contextmanager
def _sentences() -> Iterator[None]:
    """Show what went wrong as one sentence, and end with its exit code."""
    try:
        yield
    except TierkitError as error:
        _say_why(str(error), error.exit_code)
    except BrokenPipeError:
        raise
    except (OSError, MemoryError) as error:
        from tierkit.reporting.machine import say_refusal

        plain = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.strerror else str(error)
        _say_why(say_refusal(type(error).__name__, str(error)) or plain, TierkitError.exit_code)
    except KeyboardInterrupt as stop:
        _say_why(str(stop) or "stopped", _STOPPED)


def _say_why(sentence: str, exit_code: int) -> NoReturn:
    Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(f"tierkit: {sentence}")
    raise typer.Exit(exit_code) from None


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Have a service manager's or a closed terminal's signal do what Ctrl-C does."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    kinds = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    main = threading.current_thread() is threading.main_thread()
    before = {kind: signal.signal(kind, stop) for kind in kinds if main}
    try:
        yield
    finally:
        for kind, earlier in before.items():
            signal.signal(kind, earlier)


@app.command()
def demo(folder: Annotated[Path, typer.Argument(help="Where to make it.")] = Path("tierkit-demo")) -> None:
    """Run the demo company for two months, so that changes show, and say where the page is."""
    from tierkit.reporting.monthly import run_months
    from tierkit.reporting.starter import write_demo

    with _sentences():
        *_, latest = run_months(write_demo(folder), ["2026-09", "2026-10"], replace=True, console=console)
        for line in latest.lines:
            console.print(line, markup=False)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to start.")] = Path(),
    exports: Annotated[
        Path | None, typer.Argument(help="Folder of your exports, or one file of deals; without it, the demo company.")
    ] = None,
    origin: Annotated[
        Origin | None, typer.Option("--from", help="Whose exports they are; csv is any file of deals.")
    ] = None,
) -> None:
    """Propose how your exports are read: a starter run sheet of at most twelve keys, and the notebooks."""
    from tierkit.reporting.starter import write_demo, write_starter

    with _sentences():
        if exports is None and origin is None:
            sheet = write_demo(folder)
            console.print(
                f"{sheet}: edit it, then: tierkit check --sheet {sheet}; tierkit run --sheet {sheet}", markup=False
            )
            return
        if exports is None or origin is None:
            raise SheetError("say both where your exports are and whose: tierkit init DIR --from salesforce EXPORTS")
        for line in write_starter(folder, exports, origin.value):
            console.print(line, markup=False)


@app.command()
def check(
    deals: Annotated[
        Path | None, typer.Argument(help="An export of deals, or a folder of tables; without it, the run sheet's.")
    ] = None,
    sheet: SheetOption = Path("tierkit.toml"),
    column: Annotated[
        list[str] | None, typer.Option(help="outcome=Stage, and the like, where custom does not tell.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where to write the page.")] = Path("check.html"),
) -> None:
    """Say whether the data can carry a run, which columns are refused and by what figure, and write the page."""
    from tierkit.reporting.preflight import check_data

    with _sentences():
        with Console(stderr=True).status("Reading the tables") as status:
            checked = check_data(deals or sheet, out=out, columns=column or [], tell=status.update)
        for line in checked.lines:
            console.print(line, markup=False)
        if checked.error:
            raise checked.error


@app.command("audit-tiers")
def audit_tiers(
    file: Annotated[Path, typer.Argument(help="An export of deals; with --sheet, dated tiers or scores of accounts.")],
    tier: Annotated[str | None, typer.Option(help="Column of the tiers.")] = None,
    score: Annotated[str | None, typer.Option(help="Column of the scores; the highest is the best.")] = None,
    sheet: Annotated[Path | None, typer.Option(help="The run sheet whose deals dated tiers are held against.")] = None,
    known_at: Annotated[str | None, typer.Option(help="Column of deals with the day the tier was set.")] = None,
    order: Annotated[str | None, typer.Option(help="The tiers best first: Strategic,Priority,Programme.")] = None,
    size: Annotated[str | None, typer.Option(help="Column of company size, to be beaten.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="outcome=Stage, and the like, where custom does not tell.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Last day outcomes may come from, YYYY-MM-DD.")] = None,
    out: Annotated[Path, typer.Option(help="Where to write the page.")] = Path("audit-tiers.html"),
) -> None:
    """Say whether the tiers, or the vendor's scores, that you have are real; nothing is trained."""
    from tierkit.reporting.audit_tiers import audit_file

    with _sentences():
        for line in audit_file(
            file,
            tier=tier,
            score=score,
            sheet=sheet,
            known_at=known_at,
            order=order,
            size=size,
            columns=column or [],
            as_of=as_of,
            out=out,
        ):
            console.print(line, markup=False)


@app.command()
def run(
    month: Annotated[
        list[str] | None,
        typer.Option(help="YYYY-MM, once or several times; the last month the data cover unless given."),
    ] = None,
    sheet: SheetOption = Path("tierkit.toml"),
    replace: Annotated[
        bool, typer.Option("--replace", help="Put a different run in place of a published month.")
    ] = False,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Refit the models 200 times, so that contested accounts are surer.")
    ] = False,
) -> None:
    """Run each month's notebooks and publish its report, whole or not at all."""
    from tierkit.reporting.monthly import run_months

    with _sentences(), _ended_in_order():
        for result in run_months(sheet, month or [], replace=replace, thorough=thorough, console=console):
            for line in result.lines:
                console.print(line, markup=False)


@review.command("sample")
def review_sample(
    week: Annotated[str | None, typer.Option(help="ISO week such as 2026-W45; this week unless given.")] = None,
    month: Annotated[str | None, typer.Option(help="YYYY-MM; the latest published month by then unless given.")] = None,
    manager: Annotated[
        list[str] | None, typer.Option(help="Who judges, once for each; those of the run sheet unless given.")
    ] = None,
    sheet: SheetOption = Path("tierkit.toml"),
) -> None:
    """Draw the week's accounts: a page of evidence, and a form for each manager."""
    from datetime import UTC, datetime

    from tierkit.reporting.review.weekly import sample_week
    from tierkit.reporting.review.weeks import week_of

    with _sentences():
        asked = week or week_of(datetime.now(UTC).date())
        for line in sample_week(sheet, week=asked, month=month, managers=manager or []):
            console.print(line, markup=False)


@review.command("record")
def review_record(
    forms: Annotated[list[Path], typer.Argument(help="Forms that managers have filled.")],
    sheet: SheetOption = Path("tierkit.toml"),
) -> None:
    """Take filled forms into the ledger, all or none."""
    from tierkit.reporting.review.ledger import record_forms

    with _sentences():
        for line in record_forms(forms, sheet=sheet):
            console.print(line, markup=False)


@app.command()
def approve(
    file: Annotated[Path, typer.Argument(help="proposals.csv of the newest month, filled in.")],
    sheet: SheetOption = Path("tierkit.toml"),
    on: Annotated[str | None, typer.Option("--on", help="Day of the answer, YYYY-MM-DD; now unless given.")] = None,
) -> None:
    """Commit the moves that people approved: tiers, crm_writeback.csv, crm_revert.csv and the ledger of who said so."""
    from datetime import UTC, datetime

    from tierkit.reporting.approval.approve import approve_moves
    from tierkit.reporting.calendar import check_day

    with _sentences():
        moment = check_day(on) if on else datetime.now(UTC).isoformat(timespec="seconds")
        console.print(approve_moves(file, sheet, decided_at=moment).sentence, markup=False)


@app.command()
def verify(
    month: Annotated[str, typer.Argument(help="YYYY-MM of a published month.")],
    sheet: SheetOption = Path("tierkit.toml"),
) -> None:
    """Hold a published month against its manifest."""
    from tierkit.reporting.approval.commits import verify_commits
    from tierkit.reporting.publish import verify_month
    from tierkit.runsheet import read_sheet

    with _sentences():
        settings = read_sheet(sheet)
        reports = settings.folder / settings.report.folder
        folder = reports / month
        breaches = [*verify_month(folder), *verify_commits(reports, month)]
        if breaches:
            raise TierkitError("; ".join(breaches))
        console.print(f"{folder}: every file is as it was published", markup=False)


@app.command()
def score(
    rows: Annotated[Path, typer.Argument(help="Parquet file of feature rows, as the models were fitted on.")],
    models: Annotated[Path, typer.Option(help="Folder of models: reports/2026-10/models.")],
    out: Annotated[Path, typer.Option(help="Parquet file to write; it must not exist.")],
    top: Annotated[int, typer.Option(help="Reasons of each account.", min=1)] = 5,
) -> None:
    """Score and explain accounts by the models of a month, however many there are: Parquet in, Parquet out."""
    from tierkit.models.score_files import score_file
    from tierkit.models.store import load_models

    with _sentences(), _ended_in_order(), warnings.catch_warnings(record=True) as noted:
        with Console(stderr=True).status("Reading the models") as status:
            by = load_models(models)
            n = score_file(rows, out, by.opening, by.win, by.acv, top=top, tell=status.update)
        for note in noted:
            console.print(str(note.message), markup=False)
        console.print(f"{out}: {n:,} rows scored, {top} reasons each", markup=False)


@app.command()
def explain(key: Annotated[str, typer.Argument(help="A key of the run sheet, such as tiers.stability.")]) -> None:
    """Describe a key of the run sheet: what it does and its default."""
    from tierkit.runsheet import explain_key

    with _sentences():
        console.print(explain_key(key), markup=False)
