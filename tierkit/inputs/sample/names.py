"""Made-up names of firms and people."""

import numpy as np

from tierkit.inputs.sample.calendar import Ints, Texts

_STARTS = (
    "Bal Bren Cal Cor Dal Dor Fen Fil Gal Gor Hal Jas Kel Kor Lan Lor Mar Mel Nal Nor Pel Ral Ser Tal Tor Val Wen Yor"
)
_MIDDLES = "a ada ami andi ari avo e ena eri i ilo imo ino o odi omi ona oru u ula uno y ysa"
_ENDS = "ba ca dor fex gan lia lux mar mon nex nis pra ria ron san tek tis vant vex xis"
_TAILS = ("Systems", "Holdings", "Works", "Care", "Freight", "Agency")
_FIRST = "Ana Bruno Chidi Dalia Emil Farah Goran Hanna Ines Jonas Kira Luca Mina Noor Oskar Petra"
_LAST = "Abara Brandt Castell Dimov Ekholm Farkas Gruber Halloran Ito Jansen Kovac Lindqvist Moreau Nkosi Okafor Pires"


def firm_names(rng: np.random.Generator, industry: Ints) -> Texts:
    """One unique, pronounceable name a firm, with a tail that hints at its industry."""
    stems = np.array([a + b + c for a in _STARTS.split() for b in _MIDDLES.split() for c in _ENDS.split()])
    stems = np.unique(stems)
    rounds = -(-len(industry) // len(stems))
    pool = [s + (f" {k + 1}" if k else "") for k in range(rounds) for s in rng.permutation(stems)]
    return np.array([f"{pool[i]} {_TAILS[k % 6]}" for i, k in enumerate(industry)], dtype=object)


def domains_of(names: Texts) -> Texts:
    """Web domains under a top level that is reserved for examples, so that none is anybody's."""
    return np.array([n.lower().replace(" ", "") + ".example" for n in names], dtype=object)


def person_names(n: int) -> list[str]:
    """Names of sellers: the same for every seed."""
    first, last = _FIRST.split(), _LAST.split()
    return [f"{first[i % 16]} {last[(i * 5 + i // 16) % 16]}" for i in range(n)]
