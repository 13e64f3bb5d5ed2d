"""What is compared of two accounts: their fields, the pairs that share a trace, and how the fields of a pair agree."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tierkit.inputs.files.reading import plain_name
from tierkit.inputs.identity.domains import normalise_domains, registrable_domains
from tierkit.inputs.identity.names import plain_companies

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_NEAR = 0.9
_RARE = 50
"""A word that more accounts bear finds no pairs."""
_WINDOW = 10
"""Accounts compared with each that share a trace, the nearest by name."""
_NEIGHBOURS = 4
"""Accounts compared with each in the alphabet of names, read forwards and backwards."""
MANY = 5
"""A domain of so many accounts is shared if most of their names are unlike; a phone of twice as many is."""
_AT_ONCE = 500_000
_CITY_NAMES = ("city", "billingcity", "hqcity", "headquarterscity", "companycity")
_PHONE_NAMES = ("phone", "phonenumber", "companyphone", "mainphone", "telephone", "accountphone")


@dataclass(frozen=True)
class Levels:
    """How the fields of each pair agree; `left` and `right` count the sorted accounts."""

    left: Ints
    right: Ints
    domain: NDArray[np.object_]
    name: NDArray[np.object_]
    country: NDArray[np.object_]
    city: NDArray[np.object_]
    phone: NDArray[np.object_]

    def where(self, kept: NDArray[np.bool_] | Ints) -> "Levels":
        """Some of the pairs."""
        return Levels(*(getattr(self, name)[kept] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Fields:
    """What is compared, one entry an account in the order of ids; a code of -1 is unknown."""

    squashed: NDArray[np.object_]
    """Names without spaces."""
    sorted: NDArray[np.object_]
    """Names with their words in the order of the alphabet."""
    name: Ints
    digits: Ints
    holders: Ints
    """Accounts of the same name, or that bear the word where the name is one word."""
    words: pd.DataFrame
    """One row an account and word: at, word, n."""
    site: Ints
    sites: pd.Index
    label: Ints
    country: Ints
    is_code: NDArray[np.bool_]
    city: Ints
    phone: Ints

    @classmethod
    def of(cls, rows: pd.DataFrame) -> "Fields":
        """Fields of accounts sorted by id."""
        nothing = pd.Series(None, rows.index, dtype="str")
        plain = plain_companies(rows["name"]) if "name" in rows else nothing
        site = registrable_domains(normalise_domains(rows["domain"])) if "domain" in rows else nothing
        split = plain.fillna("").str.split()
        each = split.explode()
        words = pd.DataFrame({"at": each.index, "word": each.to_numpy()}).dropna().drop_duplicates(ignore_index=True)
        words["n"] = words.groupby("word")["at"].transform("size")
        rarest = words.groupby("at")["n"].min().reindex(rows.index, fill_value=1)
        namesakes = plain.map(plain.value_counts()).fillna(1)
        holders = rarest.where(~plain.str.contains(" ", regex=False).fillna(True).astype(bool), namesakes)
        country = _plain_text(rows, ("country",))
        phone = _plain_text(rows, _PHONE_NAMES).str.replace(r"\D", "", regex=True).str.slice(-9)
        phone = phone.where(phone.str.len() >= 7)
        phone = phone.where(phone.map(phone.value_counts()) <= 2 * MANY)
        codes, sites = pd.factorize(site, sort=True)
        return cls(
            squashed=plain.fillna("").str.replace(" ", "").to_numpy(dtype=object),
            sorted=split.map(lambda words: " ".join(sorted(words))).to_numpy(dtype=object),
            name=codes_of(plain),
            digits=codes_of(plain.str.replace(r"\D+", " ", regex=True).str.strip()),
            holders=holders.to_numpy(dtype=np.int64),
            words=words,
            site=codes.astype(np.int64),
            sites=pd.Index(sites),
            label=codes_of(site.str.replace(r"\..*$", "", regex=True)),
            country=codes_of(country),
            is_code=(country.str.len() <= 3).fillna(False).to_numpy(dtype=bool),
            city=codes_of(_plain_text(rows, _CITY_NAMES)),
            phone=codes_of(phone),
        )

    def pairs(self) -> tuple[Ints, Ints]:
        """Pairs that share a trace, each once, the smaller id to the left."""
        n = len(self.squashed)
        rank = pd.Series(self.squashed, dtype="str").rank(method="first").to_numpy().astype(np.int64)
        known = np.flatnonzero(self.name >= 0)
        everybody = np.zeros(len(known), dtype=np.int64)
        backwards = pd.Series([name[::-1] for name in self.squashed[known]], dtype="str").rank(method="first")
        rare = self.words[self.words["n"].between(2, _RARE)]
        rarest = rare.sort_values(["at", "n", "word"], kind="stable").groupby("at").head(2)
        at = np.arange(n)
        traces = [
            _neighbours(known, everybody, rank[known], _NEIGHBOURS),
            _neighbours(known, everybody, backwards.to_numpy().astype(np.int64), _NEIGHBOURS),
            _neighbours(rarest["at"].to_numpy(), codes_of(rarest["word"]), rank[rarest["at"].to_numpy()], _WINDOW),
            *(_neighbours(at, codes, rank, _WINDOW) for codes in (self.site, self.label, self.phone)),
        ]
        both = np.concatenate([np.minimum(a, b) * max(n, 1) + np.maximum(a, b) for a, b in traces])
        both.sort()
        both = both[np.append(True, both[1:] != both[:-1])] if len(both) else both
        return both // max(n, 1), both % max(n, 1)

    def shared_sites(self, levels: Levels) -> Ints:
        """Codes of domains that many accounts bear, most of whose names are unlike."""
        same = (levels.domain == "same") & (levels.name != "unknown")
        pairs = pd.DataFrame({"site": self.site[levels.left[same]], "unlike": levels.name[same] == "unlike"})
        unlike = pairs.groupby("site")["unlike"].mean()
        counts = np.bincount(self.site[self.site >= 0], minlength=len(self.sites))
        codes = unlike.index.to_numpy(dtype=np.int64)
        found: Ints = codes[(unlike.to_numpy() > 0.5) & (counts[codes] >= MANY)]
        return found


def _neighbours(at: Ints, key: Ints, rank: Ints, window: int) -> tuple[Ints, Ints]:
    """Pairs of entries of one key, at most `window` apart in the order of `rank`; keys under 0 have none."""
    at, key, rank = at[key >= 0], key[key >= 0], rank[key >= 0]
    order = np.lexsort((rank, key))
    at, key = at[order].astype(np.int64), key[order]
    left, right = [at[:0]], [at[:0]]
    for step in range(1, min(window, max(len(at) - 1, 0)) + 1):
        same = key[step:] == key[:-step]
        left.append(at[:-step][same])
        right.append(at[step:][same])
    return np.concatenate(left), np.concatenate(right)


def levels_of(fields: Fields, left: Ints, right: Ints) -> Levels:
    """How the fields of each pair agree."""
    domain = _agree(fields.site, left, right)
    domain[(domain == "other") & (fields.label[left] == fields.label[right])] = "same but its ending"
    country = _agree(fields.country, left, right)
    # `DE` and `Germany` may be the same country
    country[(country == "other") & (fields.is_code[left] != fields.is_code[right])] = "unknown"
    name = np.full(len(left), "unlike", dtype=object)
    for part in _parts(len(left)):
        a, b = left[part], right[part]
        alike = np.maximum(
            _ratio(fields.sorted[a], fields.sorted[b], _NEAR), _ratio(fields.squashed[a], fields.squashed[b], _NEAR)
        )
        within = _ratio(fields.sorted[a], fields.sorted[b], 1.0, words=True) == 1
        name[part] = np.where(alike > 0, "near", np.where(within, "within", "unlike"))
    # Branch 12 and branch 13 differ by one letter, and are two
    name[(fields.digits[left] != fields.digits[right])] = "unlike"
    name[fields.name[left] == fields.name[right]] = "equal"
    name[(fields.name[left] < 0) | (fields.name[right] < 0)] = "unknown"
    city, phone = _agree(fields.city, left, right), _agree(fields.phone, left, right)
    return Levels(left, right, domain, name, country, city, phone)


def _ratio(left: NDArray[np.object_], right: NDArray[np.object_], least: float, *, words: bool = False) -> Floats:
    """How alike texts are, 0 to 1, and 0 under `least`; by `words`, 1 where one holds all the words of the other."""
    from rapidfuzz import fuzz
    from rapidfuzz.process import cpdist

    scorer = fuzz.token_set_ratio if words else fuzz.ratio
    found = cpdist(list(left), list(right), scorer=scorer, score_cutoff=100 * least, dtype=np.float64)
    return np.asarray(found, dtype=np.float64) / 100


def _agree(codes: Ints, left: Ints, right: Ints) -> NDArray[np.object_]:
    """`same`, `other`, or `unknown` where either is."""
    a, b = codes[left], codes[right]
    out = np.where(a == b, "same", "other").astype(object)
    out[(a < 0) | (b < 0)] = "unknown"
    return out


def _plain_text(rows: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    """The first column of one of the names, as text that matches whatever its case; missing if there is none."""
    given = next((c for name in names for c in rows.columns if plain_name(str(c)) == name), None)
    if given is None:
        return pd.Series(None, rows.index, dtype="str")
    text = rows[given].astype("str").str.strip().str.casefold()
    return text.where(text != "")


def codes_of(text: pd.Series) -> Ints:
    """A number for each value, -1 where it is missing."""
    return pd.factorize(text)[0].astype(np.int64)


def _parts(n: int) -> Iterator[slice]:
    return (slice(start, start + _AT_ONCE) for start in range(0, n, _AT_ONCE))
