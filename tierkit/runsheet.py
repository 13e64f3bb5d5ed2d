"""The run sheet, `tierkit.toml`: everything that may differ between two companies, except the month."""

import difflib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_origin

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from tierkit.errors import SheetError
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.crm.writeback import WritebackSettings
from tierkit.inputs.limits import Limits
from tierkit.inputs.settings import DataSettings, Section
from tierkit.inputs.sheet_words import say_breach, say_toml
from tierkit.inputs.warehouse.passwords import blot, find_password
from tierkit.models.settings import ModelSettings
from tierkit.proof.settings import ProofSettings
from tierkit.tiering.policy import Policy

THOROUGH = 200
"""Refits of a thorough run."""
LAST_SEED = 2_000_000_000
"""What is drawn from is counted up from the seed, in 31 bits."""

UNSETTLED = "?"
"""What `tierkit init` writes where only a person can say."""

_QUESTION = re.compile(r'=\s*"\?"')


class ReportSettings(Section):
    """`[report]`: the page and its folder."""

    folder: str = "reports"
    """Folder of published months, relative to the folder of the run sheet."""
    company: str = "Your company"
    """Name in the title of the page."""
    review_sample: int = Field(20, ge=0)
    """Accounts drawn for the weekly review."""
    review_weeks: int = Field(13, ge=1)
    """Weeks in which no account is drawn twice for the review."""
    review_managers: tuple[str, ...] = ()
    """Managers who judge the sample, a form each; a fifth of it goes to two of them, who do not see each other's."""
    approval: bool = False
    """Whether moves wait until people approve them (`tierkit approve proposals.csv`); until then the CRM gets none."""
    writeback: WritebackSettings = WritebackSettings()
    """What the CRM calls the fields that tiers are written back to."""


class RunSheet(Section):
    """A company's settings, one section a room."""

    model_config = ConfigDict(hide_input_in_errors=True)

    seed: int = Field(20261031, ge=0, le=LAST_SEED)
    """Seed of everything random."""
    data: DataSettings = DataSettings()
    """The files and their columns."""
    features: FeatureSettings = FeatureSettings()
    """What may be looked at."""
    models: ModelSettings = ModelSettings()
    """How models are fitted."""
    tiers: Policy = Policy()
    """How accounts are put into tiers."""
    proof: ProofSettings = ProofSettings()
    """How the tiers are put to the proof."""
    report: ReportSettings = ReportSettings()
    """What the report shows."""
    limits: Limits = Limits()
    """How large an input and how long a run may be."""

    _folder: Path = PrivateAttr(default=Path())

    @property
    def folder(self) -> Path:
        """Folder of the sheet, from which its paths are read."""
        return self._folder

    def thorough(self) -> "RunSheet":
        """The same sheet, asking for 200 refits or more."""
        refits = max(THOROUGH, self.models.refits)
        return self.model_copy(update={"models": self.models.model_copy(update={"refits": refits})})


def read_sheet(path: str | Path) -> RunSheet:
    """Read and check a run sheet.

    Raises
    ------
    SheetError : the file is missing, is not TOML, a line still has a question mark, or a key is unknown (the near name
        is offered) or out of range; every breach is listed.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
        raw = tomllib.loads(text)
    except FileNotFoundError:
        raise SheetError(f"{path}: no such run sheet (make one with `tierkit init`)") from None
    except OSError as error:
        raise SheetError(f"{path}: cannot be read: {(error.strerror or 'unknown cause').lower()}") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise SheetError(f"{path}: line {line:,} is not UTF-8 (save the run sheet as UTF-8)") from None
    except tomllib.TOMLDecodeError as error:
        raise SheetError(f"{path}: not valid TOML: {blot(say_toml(error))}") from None
    except (RecursionError, ValueError):
        raise SheetError(f"{path}: not valid TOML: too deeply nested, or a number of too many digits") from None
    if asked := _unsettled(raw, text):
        raise SheetError("; ".join(f"{path.name}{sentence}" for sentence in asked))
    return check_sheet(raw, folder=path.resolve().parent, name=path.name)


def check_sheet(raw: dict[str, Any], *, folder: Path, name: str = "tierkit.toml") -> RunSheet:
    """Turn a parsed sheet into settings, or raise `SheetError` with every breach in one message.

    A URL with a password is refused before anything else is looked at, and no message repeats it.
    """
    if key := find_password(raw):
        raise SheetError(
            f"{name}: '{key}' holds a password, which may not stand in a run sheet: take it out, give it to the "
            'environment, and name the variable: [data.database] password_env = "NAME"'
        )
    try:
        sheet = RunSheet.model_validate(raw)
    except ValidationError as error:
        raise SheetError(blot("; ".join(f"{name}: {_sentence(e)}" for e in error.errors()))) from None
    sheet = sheet.model_copy(update={"data": sheet.data.within(sheet.limits)})
    sheet._folder = folder
    return sheet


def _unsettled(raw: dict[str, Any], text: str) -> list[str]:
    """For each question mark that `tierkit init` left: its line, its key, and what the line says to write."""
    keys = list(_questions(raw))
    lines = [(n, line) for n, line in enumerate(text.splitlines(), start=1) for _ in _QUESTION.findall(line)]
    if len(keys) != len(lines):
        return [f': {key!r} is not settled, write a value for "{UNSETTLED}"' for key in keys]
    named: dict[tuple[int, str], list[str]] = {}
    for key, place in zip(keys, lines, strict=True):
        named.setdefault(place, []).append(repr(key))
    said = []
    for (number, line), of in named.items():
        comment = _QUESTION.split(line)[-1].partition("#")[2].strip()
        verb = "is" if len(of) == 1 else "are"
        said.append(f", line {number}: {', '.join(of)} {verb} not settled, {comment or 'write a value'}")
    return said


def _questions(raw: Any, under: str = "") -> Iterator[str]:
    if isinstance(raw, dict):
        for name, value in raw.items():
            yield from _questions(value, f"{under}.{name}" if under else str(name))
    elif raw == UNSETTLED:
        yield under


def explain_key(key: str) -> str:
    """What a key of the sheet does, its default, and the keys inside it where it is a section.

    >>> print(explain_key("tiers.strategic_slots"))
    tiers.strategic_slots (int, default 5): Tier 1 places kept for strategic value, whatever the ACV.

    Raises
    ------
    SheetError : there is no such key; the near name is offered.
    """
    section: Any = RunSheet
    *parents, last = key.split(".")
    for part in parents:
        section = _section_of(section, part)
    if not _is_section(section) or last not in section.model_fields:
        raise SheetError(_sentence({"type": "extra_forbidden", "loc": tuple(key.split("."))}))
    info = section.model_fields[last]
    inner = _section_of(section, last)
    if _is_section(inner):
        lines = [f"  {key}.{name}: {field.description}" for name, field in inner.model_fields.items()]
        return "\n".join([f"{key}: {info.description}", *lines])
    default = "must be stated" if info.is_required() else f"default {info.get_default(call_default_factory=True)!r}"
    return f"{key} ({_kind(info.annotation)}, {default}): {info.description}"


def _kind(annotation: Any) -> str:
    """A type as people read it: `int or nothing`, `one of 'low', 'normal', 'high'`."""
    parts = getattr(annotation, "__args__", ())
    if get_origin(annotation) is Literal:
        return f"one of {', '.join(map(repr, parts))}"
    if isinstance(annotation, UnionType) or get_origin(annotation) is Union:
        return " or ".join("nothing" if part is NoneType else _kind(part) for part in parts)
    return annotation.__name__ if isinstance(annotation, type) and not parts else str(annotation).replace("typing.", "")


def sheet_keys(section: type[BaseModel] = RunSheet, *, under: str = "") -> Iterator[str]:
    """Every key of the sheet, each section before the keys inside it.

    >>> [key for key in sheet_keys() if key.startswith("report")][:2]
    ['report', 'report.folder']
    """
    for name in section.model_fields:
        yield under + name
        inner = _section_of(section, name)
        if inner is not None:
            yield from sheet_keys(inner, under=f"{under}{name}.")


def _sentence(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        known = _keys_beside(error["loc"])
        near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return f"unknown key '{where}'; {hint}"
    # What stands under [data.database] by mistake may be a password.
    quiet = error["loc"][:2] == ("data", "database")
    return f"'{where}' {say_breach(error, quiet=quiet)}"


def _keys_beside(loc: tuple[Any, ...]) -> list[str]:
    """The keys allowed where `loc` points."""
    section: Any = RunSheet
    for part in loc[:-1]:
        section = _section_of(section, part)
    return list(section.model_fields) if _is_section(section) else []


def _section_of(section: Any, part: Any) -> Any:
    """The section a key of a section holds, if it holds one."""
    field = section.model_fields.get(part) if _is_section(section) else None
    if field is None:
        return None
    candidates = [field.annotation, *getattr(field.annotation, "__args__", ())]
    return next((c for c in candidates if _is_section(c)), None)


def _is_section(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseModel)
