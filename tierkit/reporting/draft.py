"""What a run has built so far, kept as files, so that each notebook can be opened alone."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

import pandas as pd

from tierkit.features.horizon import Horizon
from tierkit.features.readiness import Readiness
from tierkit.inputs.kept import read_tables, write_tables
from tierkit.inputs.tables import Tables
from tierkit.models.store import load_models, save_models
from tierkit.reporting.lock import hold_file
from tierkit.reporting.memory import give_back
from tierkit.reporting.whole import keep_whole, mark_whole

T = TypeVar("T")

_FINGERPRINT, _LOCKS = "fingerprint", ".building"
_LOOK_AGAIN = 0.05
"""Seconds until a result that another process builds is asked for again."""
_MODELS = ("opening", "win", "acv", "icp", "scorecard")
_SMALL: dict[str, type] = {c.__name__: c for c in (Horizon, Readiness)}


class Draft:
    """A folder of named results: frames as Parquet, decisions as JSON, models as text and JSON.

    Parameters
    ----------
    folder : made if missing.
    fingerprint : what the results depend on; a folder made for another fingerprint is emptied.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder = folder
        mark = folder / _FINGERPRINT
        if not (mark.exists() and mark.read_text() == fingerprint):
            if folder.exists():
                shutil.rmtree(folder)
            folder.mkdir(parents=True)
            # At once or not at all: a notebook that opens beside this one must not read half a mark.
            with _written_beside(mark) as partial:
                partial.write_text(fingerprint)
        self._memory: dict[str, Any] = {}
        self._building: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether a result of that name was kept."""
        files = (self.folder / f"{name}{ending}" for ending in (".parquet", ".json", ""))
        return name in self._memory or any(path.exists() for path in files)

    def read(self, name: str) -> Any:
        """The result of that name.

        Raises
        ------
        KeyError : it was not kept yet.
        """
        if name not in self._memory:
            with self._alone_with(f"{name}.file"):
                self._memory[name] = self._load(name)
        return self._memory[name]

    def keep(self, name: str, value: Any, *, over: bool = True) -> None:
        """Write a result, so that later notebooks read this one; unless `over`, only where none is kept yet."""
        with self._alone_with(f"{name}.file"):
            if over or not self.has(name):
                self._write(name, value)
                self._memory[name] = value

    def _write(self, name: str, value: Any) -> None:
        if isinstance(value, pd.DataFrame):
            with _written_beside(path := self.folder / f"{name}.parquet") as partial:
                value.to_parquet(partial)
        elif isinstance(value, Tables):
            with _made_beside(path := self.folder / name) as partial:
                write_tables(value, partial)
        elif name in _MODELS and value is not None:
            with _made_beside(path := self.folder / name) as partial:
                save_models(partial, **{part: value if part == name else None for part in _MODELS})
        else:
            with _written_beside(path := self.folder / f"{name}.json") as partial:
                partial.write_text(json.dumps(_as_json(value)), encoding="utf-8")
        mark_whole(path)

    @contextmanager
    def building(self, name: str) -> Iterator[None]:
        """Alone in building a result: another process that asks for it waits, and then finds it kept."""
        if name in self._building:
            yield
            return
        with self._alone_with(name):
            self._building.add(name)
            try:
                yield
            finally:
                self._building.discard(name)

    @contextmanager
    def _alone_with(self, name: str) -> Iterator[None]:
        locks = self.folder / _LOCKS
        locks.mkdir(exist_ok=True)
        while (lock := hold_file(locks / name)) is None:
            time.sleep(_LOOK_AGAIN)
        with lock:
            yield

    def go_on(self) -> int:
        """Take over what a process that was killed kept: whatever is not whole is removed; how many results stay."""
        self._memory.clear()
        return keep_whole(self.folder, beside=_FINGERPRINT)

    def _load(self, name: str) -> Any:
        if (path := self.folder / f"{name}.parquet").exists():
            return pd.read_parquet(path)
        if (path := self.folder / f"{name}.json").exists():
            return _from_json(json.loads(path.read_text(encoding="utf-8")))
        if (path := self.folder / name).is_dir():
            if name == "tables":
                return read_tables(path)
            return getattr(load_models(path), name)
        raise KeyError(name)


class kept(Generic[T]):  # noqa: N801 - used as a decorator, beside property
    """A property that reads what an earlier step kept, or builds it and keeps it."""

    def __init__(self, build: Callable[[Any], T], *, together_with: str | None = None) -> None:
        self._build = build
        self._name = build.__name__
        self._lock = together_with or self._name
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, run: None, owner: type) -> "kept[T]": ...
    @overload
    def __get__(self, run: object, owner: type) -> T: ...
    def __get__(self, run: Any, owner: type) -> "kept[T] | T":
        if run is None:
            return self
        if not run.draft.has(self._name):
            with run.draft.building(self._lock):
                if not run.draft.has(self._name):
                    # Who puts a result of their own in its place meanwhile is listened to
                    run.draft.keep(self._name, self._build(run), over=False)
                    give_back()
        value: T = run.draft.read(self._name)
        return value


def kept_with(other: str) -> Callable[[Callable[[Any], T]], kept[T]]:
    """A property that is kept together with another: whoever asks for either waits for the one who builds both."""
    return lambda build: kept(build, together_with=other)


@contextmanager
def _written_beside(path: Path) -> Iterator[Path]:
    """A file of this process alone, put in place of `path` once it is whole; others read the old one or the new one."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    yield partial
    partial.replace(path)


@contextmanager
def _made_beside(folder: Path) -> Iterator[Path]:
    """A folder of this process alone, put in place of `folder` once it is whole."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
        partial = Path(beside) / folder.name
        yield partial
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)


def _as_json(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {"type": type(value).__name__, "value": asdict(value)}
    return {"type": "plain", "value": value}


def _from_json(stored: dict[str, Any]) -> Any:
    if stored["type"] in _SMALL:
        kind = _SMALL[stored["type"]]
        return kind(**{f.name: _tuples(stored["value"][f.name]) for f in fields(kind)})
    return stored["value"]


def _tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
