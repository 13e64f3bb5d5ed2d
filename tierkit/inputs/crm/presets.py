"""What each CRM calls its objects and fields, from the TOML files beside this module."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from tierkit.inputs.crm.writeback import PRESETS as WRITTEN_BACK
from tierkit.inputs.files.reading import plain_name

Crm = Literal["salesforce", "hubspot"]
OUR_OWN = "tierkit wrote it back: a tier cannot be its own reason"


@dataclass(frozen=True)
class Field:
    """One field of an object.

    Attributes
    ----------
    name : its API name, or its label where it has none.
    to : canonical column, or a working name the conversion reads; missing where it stays under its own name.
    leaky : why it can be no feature; missing where it can.
    ignored : technical, personal or said elsewhere: left out.
    part : for one of a family of fields, what its header says of it (`closedwon` of hs_date_entered_closedwon).
    """

    name: str
    to: str | None = None
    leaky: str | None = None
    ignored: bool = False
    part: str | None = None


@dataclass(frozen=True)
class CrmObject:
    """One object of a CRM.

    Attributes
    ----------
    table : canonical table it becomes, or helps to make (`is_helper`).
    files : what its files are customarily called.
    signatures : sets of fields, one of which a file of it has.
    named_signatures : sets that are enough in a file that bears its name.
    enough : fields of which at least one is needed too, unless the file bears its name.
    absent : plain headers no file of it has.
    """

    name: str
    table: str
    is_helper: bool
    files: tuple[str, ...]
    signatures: tuple[frozenset[str], ...]
    named_signatures: tuple[frozenset[str], ...]
    enough: frozenset[str]
    absent: frozenset[str]
    fields: Mapping[str, Field]
    families: tuple[tuple[re.Pattern[str], Field], ...] = ()

    @property
    def title(self) -> str:
        """What notes call it."""
        return self.table if self.name == "canonical" else self.name

    def find(self, header: str) -> Field | None:
        """The field a header names, by API name or label, whatever its case, spaces and underscores."""
        for plain in plain_headers(header):
            if plain in self.fields:
                return self.fields[plain]
        for pattern, field in self.families:
            if found := pattern.fullmatch(header.strip()):
                part = found.groupdict().get("stage")
                return Field(field.name, field.to, field.leaky, field.ignored, part)
        return None


@dataclass(frozen=True)
class Preset:
    """A CRM: its objects, and the ends its usual stages stand for (plain stage = won, lost or open)."""

    crm: Crm
    objects: Mapping[str, CrmObject]
    stages: Mapping[str, str]


@cache
def read_preset(crm: Crm) -> Preset:
    """The preset of a CRM."""
    text = resources.files("tierkit.inputs.crm").joinpath(f"{crm}.toml").read_text(encoding="utf-8")
    given = tomllib.loads(text)
    stages = {plain_name(word): end for end, words in given["stages"].items() for word in words}
    objects = {name: _read_object(crm, name, of, given["every"]) for name, of in given["objects"].items()}
    return Preset(crm, objects, stages)


def plain_headers(header: str) -> list[str]:
    """What a header may be called in plain: as it is, without `__c`, and without the object a report puts before it.

    >>> plain_headers("Opportunity: ACV__c")
    ['opportunity:acvc', 'opportunity:acv', 'acv']
    """
    bare = header.strip()
    custom = re.sub(r"__c$", "", bare, flags=re.IGNORECASE)
    last = custom.rsplit(": ", 1)[-1]
    return list(dict.fromkeys(plain_name(name) for name in (bare, custom, last)))


def own_name(header: str) -> str:
    """The stable name of a field nobody mapped, the same by API name and by label.

    >>> own_name("ICP_Grade__c"), own_name("ICP Grade"), own_name("LastActivityDate"), own_name("Fit (%)")
    ('icp_grade', 'icp_grade', 'last_activity_date', 'fit')
    """
    name = re.sub(r"__c$", "", header.strip(), flags=re.IGNORECASE).rsplit(": ", 1)[-1]
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^\w]+|_+", "_", name.casefold()).strip("_") or header.strip()


def _read_object(crm: Crm, name: str, given: Mapping[str, Any], every: Mapping[str, Any]) -> CrmObject:
    fields: dict[str, Field] = {}
    own, common = given["fields"], {k: v for k, v in every.items() if k not in given["fields"]}
    # API names come first, so that no label of one field can take the name of another
    for api, about in (*own.items(), *common.items()):
        fields.setdefault(plain_name(api), _read_field(api, about))
    for api, about in (*own.items(), *common.items()):
        labels = about.get("label", [])
        for label in [labels] if isinstance(labels, str) else labels:
            fields.setdefault(plain_name(label), _read_field(api, about))
    table = given.get("table") or given["helps"]
    if table == "accounts":
        for ours, header in WRITTEN_BACK[crm].items():
            if ours != "account_id":
                for plain in plain_headers(header):
                    fields.setdefault(plain, Field(header, leaky=OUR_OWN))
    return CrmObject(
        name,
        table,
        is_helper="helps" in given,
        files=tuple(plain_name(file) for file in given["files"]),
        signatures=_read_sets(given["signature"]),
        named_signatures=_read_sets(given.get("named_signature", ())),
        enough=frozenset(plain_name(n) for n in given.get("enough", ())),
        absent=frozenset(plain_name(n) for n in given.get("absent", ())),
        fields=fields,
        families=tuple(family for about in given.get("patterns", ()) for family in _read_family(about)),
    )


def _read_sets(given: Iterable[Iterable[str]]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(plain_name(name) for name in names) for names in given)


def _read_field(api: str, about: Mapping[str, Any]) -> Field:
    return Field(api, about.get("to"), about.get("leaky"), bool(about.get("ignored", False)))


def _read_family(about: Mapping[str, Any]) -> list[tuple[re.Pattern[str], Field]]:
    field = Field(about["match"], about.get("to"), about.get("leaky"))
    return [(re.compile(about[key], re.IGNORECASE), field) for key in ("match", "label") if key in about]
