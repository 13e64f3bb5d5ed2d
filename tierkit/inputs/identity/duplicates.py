"""Accounts that look like another: pairs that share a trace, weighed field by field; nothing is merged.

Weights are likelihood ratios in the manner of Fellegi and Sunter (1969): how much oftener a field agrees so where two
rows are one company than where they are two. They are set by hand and stated below, not learned: a company has too few
known duplicates to learn them from, and a score should mean the same next month. Only what a shared name tells is read
off the data, for `Global Services` is shared by chance and `Zyxogen` is not.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tierkit.inputs.identity.likeness import Fields, Floats, Ints, Levels, codes_of, levels_of
from tierkit.inputs.identity.parents import find_roots

COLUMNS = ("account_id", "duplicate_of", "rule", "score", "evidence")
LIKELY = 0.5
"""Pairs scored under it are not reported."""
PRIOR = 1 / 10
"""Odds that a pair compared is one company, before its fields are looked at."""
DOMAIN = {"same": 60.0, "same but its ending": 6.0, "unknown": 1.0, "other": 1 / 10}
"""acme.com and acme.de are the same but their ending."""
NAME = {"near": 2.0, "within": 1.5, "unknown": 1.0, "unlike": 1 / 4}
"""Near: nine letters in ten in their places. Within: every word of one is a word of the other. For equal names see
`_equal_names`."""
COUNTRY = {"same": 2.0, "unknown": 1.0, "other": 1 / 4}
CITY = {"same": 5.0, "unknown": 1.0, "other": 1 / 3}
PHONE = {"same": 50.0, "unknown": 1.0, "other": 1 / 2}

_AGREE_IF_ONE, _CHANCE_A_NAMESAKE, _MOST_BY_CHANCE = 0.6, 0.01, 0.5


@dataclass(frozen=True)
class Duplicates:
    """Accounts that look like another.

    Attributes
    ----------
    frame : one row per account that looks like another one: account_id, duplicate_of, rule, score, evidence. Of those
        that look alike the smallest id looks like none, and each other is shown with the one that speaks for it best.
    shared : domains of so many unlike names that they are no evidence.
    n_compared : pairs compared.
    """

    frame: pd.DataFrame
    shared: tuple[str, ...] = ()
    n_compared: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found, in sentences."""
        notes = []
        if len(self.frame):
            n = len(self.frame)
            counts = self.frame["rule"].value_counts().sort_index().items()
            said = ", ".join(f"{rule}: {times:,}" for rule, times in counts)
            notes.append(
                f"accounts: {n:,} look like another account ({said}); none was merged, duplicates.csv lists them"
            )
        if self.shared:
            said = ", ".join(self.shared[:3]) + (" ..." if len(self.shared) > 3 else "")
            n = len(self.shared)
            notes.append(
                f"accounts: {n:,} domains that many unlike names share are no evidence of one company ({said})"
            )
        return tuple(notes)


def find_duplicates(accounts: pd.DataFrame, *, apart: pd.DataFrame | None = None) -> Duplicates:
    """Find accounts that look like another one.

    Parameters
    ----------
    accounts : one row per account; column account_id, and name, domain, country, parent_id, city, phone where there
        are any. Accounts of one parent tree are never duplicates of each other.
    apart : pairs people called different: account_id, same_as.

    Score: the chance that the two rows are one company if one compared pair in eleven is and fields err apart from
    each other; of pairs scored 0.9 nine in ten should be one. What shares a trace is compared (registrable domain,
    phone, a rare word of the name, the name of the domain, neighbours in the alphabet of names), with ten others at
    most for each trace, so that time grows with the accounts and not with their square.
    """
    rows = accounts.sort_values("account_id", kind="stable", ignore_index=True)
    fields = Fields.of(rows)
    left, right = fields.pairs()
    n_compared = len(left)
    left, right = _not_akin(rows, left, right)
    kept = _may_be_likely(fields, left, right)
    levels = levels_of(fields, left[kept], right[kept])
    shared = fields.shared_sites(levels)
    levels.domain[np.isin(fields.site[levels.left], shared) & (levels.domain == "same")] = "unknown"
    scores = _scores(fields, levels)
    named = tuple(sorted(str(fields.sites[code]) for code in shared))
    likely = scores >= LIKELY
    if apart is not None and len(apart):
        likely &= ~_called_apart(rows["account_id"], levels, apart)
    return Duplicates(_report(rows, fields, levels.where(likely), scores[likely]), named, n_compared)


def _not_akin(rows: pd.DataFrame, left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Pairs that are not of one parent tree; a parent who is no account makes kin all the same."""
    if "parent_id" not in rows:
        return left, right
    parents = rows.set_index("account_id")["parent_id"].dropna()
    root, _ = find_roots({str(child): str(parent) for child, parent in parents.items() if child != parent})
    tree = codes_of(rows["account_id"].map(root).astype("str").fillna(rows["account_id"]))
    kept = tree[left] != tree[right]
    return left[kept], right[kept]


def _may_be_likely(fields: Fields, left: Ints, right: Ints) -> NDArray[np.bool_]:
    """Pairs that could be likely if their names were near; those of one domain all stay, to see who shares it.

    Names are read last, and only of these: most pairs have other domains, which no name outweighs.
    """
    endings = (fields.label, {"same": DOMAIN["same but its ending"] / DOMAIN["other"]})
    given = ((fields.site, DOMAIN), endings, (fields.country, COUNTRY), (fields.city, CITY), (fields.phone, PHONE))
    odds = np.full(len(left), PRIOR * NAME["near"])
    for codes, weight in given:
        a, b = codes[left], codes[right]
        known = (a >= 0) & (b >= 0)
        odds[known & (a == b)] *= weight["same"]
        # Countries may only be written in two ways
        if "other" in weight and weight is not COUNTRY:
            odds[known & (a != b)] *= weight["other"]
    equal = (fields.name[left] == fields.name[right]) & (fields.name[left] >= 0)
    odds[equal] *= np.maximum(_equal_names(fields.holders[left[equal]]) / NAME["near"], 1)
    may: NDArray[np.bool_] = (odds / (1 + odds) > LIKELY - 0.01) | (
        (fields.site[left] == fields.site[right]) & (fields.site[left] >= 0)
    )
    return may


def _scores(fields: Fields, levels: Levels) -> Floats:
    """The chance that each pair is one company."""
    odds = np.full(len(levels.left), PRIOR)
    known = (("domain", DOMAIN), ("country", COUNTRY), ("city", CITY), ("phone", PHONE))
    for field, weight in known:
        odds *= _weigh(getattr(levels, field), weight)
    equal = levels.name == "equal"
    names = _weigh(np.where(equal, "unknown", levels.name), NAME)
    odds *= np.where(equal, _equal_names(fields.holders[levels.left]), names)
    scores: Floats = np.round(odds / (1 + odds), 4)
    return scores


def _equal_names(holders: Ints) -> Floats:
    """What equal names tell: three in five duplicates have them; of pairs of two companies one in a hundred for each
    account of the name."""
    by_chance = np.clip(_CHANCE_A_NAMESAKE * holders, _CHANCE_A_NAMESAKE, _MOST_BY_CHANCE)
    ratios: Floats = _AGREE_IF_ONE / by_chance
    return ratios


def _weigh(levels: NDArray[np.object_], weight: dict[str, float]) -> Floats:
    out = np.ones(len(levels))
    for level, ratio in weight.items():
        out[levels == level] = ratio
    return out


def _called_apart(ids: pd.Series, levels: Levels, apart: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether people called each pair different, whichever they named first."""
    at = pd.Series(np.arange(len(ids)), ids.to_numpy())
    a, b = at.reindex(apart["account_id"]).to_numpy(), at.reindex(apart["same_as"]).to_numpy()
    known = ~(np.isnan(a.astype(float)) | np.isnan(b.astype(float)))
    a, b = a[known].astype(np.int64), b[known].astype(np.int64)
    keys = np.minimum(a, b) * len(ids) + np.maximum(a, b)
    return np.isin(levels.left * len(ids) + levels.right, keys)


def _report(rows: pd.DataFrame, fields: Fields, levels: Levels, scores: Floats) -> pd.DataFrame:
    """Each account but the smallest id of those alike, with the pair that ties it in best."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree

    if not len(scores):
        return pd.DataFrame({n: pd.Series(dtype="float64" if n == "score" else "str") for n in COLUMNS})
    nodes, ends = np.unique(np.concatenate([levels.left, levels.right]), return_inverse=True)
    a, b = ends[: len(scores)], ends[len(scores) :]
    n = len(nodes)
    tree = minimum_spanning_tree(coo_matrix((2 - scores, (a, b)), shape=(n, n)).tocsr()).tocoo()
    _, group = connected_components(tree, directed=False)
    first = np.unique(group, return_index=True)[1]
    # One more node before the smallest of each group, so that a single walk reaches all
    source, target = np.concatenate([tree.row, np.full(len(first), n)]), np.concatenate([tree.col, first])
    walk = coo_matrix((np.ones(len(source)), (source, target)), shape=(n + 1, n + 1)).tocsr()
    before = breadth_first_order(walk, n, directed=False)[1][:n]
    told = np.flatnonzero(before != n)
    pair = pd.Series(np.arange(len(scores)), pd.MultiIndex.from_arrays([a, b]))
    ties = [(min(x, y), max(x, y)) for x, y in zip(told, before[told], strict=True)]
    best = pair.reindex(pd.MultiIndex.from_tuples(ties)).to_numpy().astype(np.int64)
    said = levels.where(best)
    ids = rows["account_id"].to_numpy()
    out = {
        "account_id": ids[nodes[told]],
        "duplicate_of": ids[nodes[before[told]]],
        "rule": _rules(said),
        "score": scores[best],
        "evidence": _evidence(fields, said),
    }
    frame = pd.DataFrame(out).astype({name: "str" for name in COLUMNS if name != "score"})
    return frame.sort_values("account_id", kind="stable", ignore_index=True)


def _rules(levels: Levels) -> list[str]:
    """The evidence in a few words to count by."""
    named = np.isin(levels.name, ["equal", "near", "within"])
    same = levels.domain == "same"
    rules = np.select(
        [same & named, same, levels.phone == "same", (levels.name == "equal") & (levels.country == "same")],
        ["same domain and name", "same domain", "same phone", "same name and country"],
        np.where(levels.name == "equal", "same name", "similar name"),
    )
    return [str(rule) for rule in rules]


def _evidence(fields: Fields, levels: Levels) -> list[str]:
    """What agrees and what does not, in words."""
    said = []
    for i, at in enumerate(levels.left):
        site, n = levels.domain[i], levels.name[i]
        words = [] if site == "unknown" else [f"domain {fields.sites[fields.site[at]]}"]
        if site not in ("same", "unknown"):
            words = [f"{site.replace('same', 'same domain')}{'' if 'same' in site else ' domain'}"]
        words += [] if n == "unknown" else [f"{n} names" if n in ("equal", "unlike") else f"names {n}"]
        for field in ("country", "city", "phone"):
            level = getattr(levels, field)[i]
            words += [] if level == "unknown" else [f"{level} {field}"]
        said.append("; ".join(words))
    return said
