"""What a folder of exports looks like to tierkit before anything is run: for `tierkit init` to write a sheet from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Crm = Literal["salesforce", "hubspot"]


@dataclass(frozen=True)
class FileProposal:
    """One file of the folder and what its columns would become.

    Attributes
    ----------
    file : its name.
    object : what the CRM calls what it holds (`Opportunity`, `deals`), or `canonical` where it is named after a table.
    table : the table it goes to; missing where it only helps others (`OpportunityHistory`).
    n_rows : rows in the file, footers aside.
    matched : canonical column = header of the file.
    leaky : header = why it can be no feature.
    ignored : technical headers, left out.
    unmatched : header nobody named = the canonical column its name resembles, or None; it is a candidate feature.
    """

    file: str
    object: str
    table: str | None
    n_rows: int
    matched: Mapping[str, str]
    leaky: Mapping[str, str]
    ignored: tuple[str, ...]
    unmatched: Mapping[str, str | None]


@dataclass(frozen=True)
class StageProposal:
    """One stage of the deals: how often it occurs, the end it stands for, and how that was decided.

    `outcome` is None where nobody can place it: the sheet must, under [data.deals.values.outcome].
    """

    stage: str
    n_deals: int
    outcome: str | None
    decided_by: str


@dataclass(frozen=True)
class Proposal:
    """What a folder of CRM exports would be read as.

    Attributes
    ----------
    crm : whose exports they are.
    folder : where they are.
    files : one a file that was recognised.
    stages : one a stage of the deals, the most frequent first.
    currencies : ISO code = number of deals.
    home_currency : the one the others are rated in, where the exports say; missing where they do not.
    data_through : last day the export covers, YYYY-MM-DD; missing where no file has a day.
    unrecognised : files nobody recognised.
    notes : what was read right but not as it stood.
    """

    crm: Crm
    folder: str
    files: tuple[FileProposal, ...]
    stages: tuple[StageProposal, ...] = ()
    currencies: Mapping[str, int] | None = None
    data_through: str | None = None
    unrecognised: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    home_currency: str | None = None


def propose_mapping(folder: str | Path, crm: Crm) -> Proposal:
    """What the files of a folder would be read as.

    Raises
    ------
    TableError : no such folder, or a file that cannot be read.
    """
    return Proposal(crm, str(folder), ())
