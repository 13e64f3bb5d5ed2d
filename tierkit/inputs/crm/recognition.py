"""Which object each file of a folder holds, by its header, helped by its name."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tierkit.errors import TableError
from tierkit.inputs.contracts import CONTRACTS, Contract
from tierkit.inputs.crm.presets import Crm, CrmObject, Field, read_preset
from tierkit.inputs.files.reading import DUCKDB_ENDINGS, peek_header, plain_name, table_stem
from tierkit.inputs.settings import DataSettings

CANONICAL = "canonical"


@dataclass(frozen=True)
class Found:
    """One file, and the object it holds; `canonical` where it is named after a table and bears our names."""

    path: Path
    object: CrmObject

    @property
    def is_canonical(self) -> bool:
        """Whether it is a table of ours already."""
        return self.object.name == CANONICAL


def scan_folder(folder: Path, crm: Crm) -> tuple[list[Found], list[Path]]:
    """Files of a folder with what each holds, by name; and those nobody recognises.

    Raises
    ------
    TableError : no such folder; two files named after one table.
    """
    if not folder.is_dir():
        raise TableError(f"{folder}: no such folder ([data] folder in tierkit.toml)")
    found: list[Found] = []
    strangers: list[Path] = []
    for path in sorted(folder.iterdir()):
        if table_stem(path) is None or path.name.startswith((".", "~$")):
            continue
        held = recognise(path, crm)
        if held is None:
            strangers.append(path)
        else:
            found.append(Found(path, held))
    ours = [f for f in found if f.is_canonical]
    for one, other in ((a, b) for i, a in enumerate(ours) for b in ours[:i] if a.object.table == b.object.table):
        names = sorted((one.path.name, other.path.name))
        table = one.object.table
        raise TableError(f"{folder}: {names[0]} and {names[1]} are both named after {table!r} (keep one)")
    return found, strangers


def find_files(folder: Path, settings: DataSettings, crm: Crm) -> tuple[list[Found], list[Path]]:
    """`scan_folder`, but the file the sheet names for a table is all there is of it, and joined ones are none."""
    found, strangers = scan_folder(folder, crm)
    for table, source in settings.sources.items():
        if source.file is None:
            continue
        path = folder / source.file
        held = recognise(path, crm, table=table) or canonical_object(CONTRACTS[table])
        found = [f for f in found if (f.object.table != table or f.object.is_helper) and f.path != path]
        found.append(Found(path, held))
        strangers = [p for p in strangers if p != path]
    joined = {folder / join.file for source in settings.sources.values() for join in source.join}
    return [f for f in found if f.path not in joined], [p for p in strangers if p not in joined]


def recognise(path: Path, crm: Crm, *, table: str | None = None) -> CrmObject | None:
    """What a file holds; of the objects of `table` alone where the sheet says so."""
    stem = table_stem(path) or ""
    if path.name.lower().endswith(DUCKDB_ENDINGS):
        return canonical_object(CONTRACTS[table or stem]) if (table or stem) in CONTRACTS else None
    header = peek_header(path)
    plain = {plain_name(name) for name in header}
    if stem in CONTRACTS and all(plain_name(name) in plain for name in CONTRACTS[stem].required):
        return canonical_object(CONTRACTS[stem])
    objects = [o for o in read_preset(crm).objects.values() if table in (None, o.table)]
    fits = [(score, o) for o in objects if (score := _score(o, header, plain_name(stem))) is not None]
    if fits:
        return max(fits, key=lambda fit: fit[0])[1]
    if table is not None or stem in CONTRACTS:
        return canonical_object(CONTRACTS[table or stem])
    return None


def canonical_object(contract: Contract) -> CrmObject:
    """A table of ours as an object, so that its files take the same way."""
    fields = {plain_name(name): Field(name, to=name) for name in contract.names}
    empty: frozenset[str] = frozenset()
    return CrmObject(CANONICAL, contract.name, False, (), (), (), empty, empty, fields)


def _score(of: CrmObject, header: Sequence[str], stem: str) -> tuple[int, int] | None:
    """How many headers the object knows and how much of the file's name is its own; None if it is not the object."""
    if any(plain_name(name) in of.absent for name in header):
        return None
    fields = [field for name in header if (field := of.find(name)) is not None]
    known = {plain_name(field.name) for field in fields}
    named = max((len(name) for name in of.files if name in stem), default=0)
    enough = of.signatures + (of.named_signatures if named else ())
    if not any(signature <= known for signature in enough):
        return None
    if of.enough and not of.enough & known and not named:
        return None
    return len(known), named
