"""Which accounts people, or the CRM, called one: decisions read, followed to their end and held against each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

SAME, DIFFERENT = "same", "different"


@dataclass(frozen=True)
class Merges:
    """Decisions about accounts, ready to fold tables by.

    Attributes
    ----------
    survivor : account that is another = the account it is, chains followed to their end.
    apart : pairs called different, by the accounts that survive: account_id, same_as.
    decided_at : account that is another = day of the decision, where it has one.
    problems : what stops the run, one sentence each.
    notes : what was read right but not as it stood.
    """

    survivor: Mapping[str, str] = field(default_factory=dict)
    apart: pd.DataFrame = field(default_factory=lambda: _pairs([]))
    decided_at: Mapping[str, pd.Timestamp] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def survivors(self) -> frozenset[str]:
        """Accounts that others are."""
        return frozenset(self.survivor.values())


def read_merges(decisions: pd.DataFrame, *, place: str = "line", accounts: pd.Index | None = None) -> Merges:
    """What decisions make of accounts.

    Parameters
    ----------
    decisions : account_id, same_as, and decision (same, different; empty is undecided; without the column all are
        same), known_at; the index counts the lines of the file.
    accounts : the account ids there are; unset, any will do.

    An account of `account_id` may be gone from the CRM: its old rows are folded all the same. Decisions hold at all
    times, whenever they were made: that two records are one company is no outcome, and was true before somebody saw it.
    """
    rows = decisions.assign(line=decisions.index)
    notes: list[str] = []
    if "decision" not in rows:
        rows = rows.assign(decision=SAME)
        notes.append("there is no 'decision', so each row says same")
    if n := int(rows["decision"].isna().sum()):
        notes.append(f"{n:,} rows say neither same nor different, and decide nothing")
    rows = rows.dropna(subset="decision")
    if accounts is not None:
        rows, said = _with_zeros(rows, accounts)
        notes += said
    given = rows[rows["decision"] == SAME].drop_duplicates(["account_id", "same_as"])
    problems = _contradictions(given, place)
    if problems:
        return Merges(problems=tuple(problems), notes=tuple(notes))
    target = dict(zip(given["account_id"], given["same_as"], strict=True))
    line = dict(zip(given["account_id"], given["line"], strict=True))
    survivor = {account: _chain(account, target)[-1] for account in target}
    problems += _circles(survivor, target, line, place)
    different = rows[rows["decision"] == DIFFERENT]
    problems += _one_and_two(different, survivor, target, line, place)
    if accounts is not None:
        survivor, said, lost = _known(survivor, target, line, accounts, place)
        problems += lost
        notes += said
    decided = {}
    if "known_at" in given:
        dated = given.dropna(subset="known_at")
        decided = dict(zip(dated["account_id"], dated["known_at"], strict=True))
    pairs = [
        (survivor.get(a, a), survivor.get(b, b))
        for a, b in zip(different["account_id"], different["same_as"], strict=True)
    ]
    return Merges(
        survivor,
        _pairs(sorted({(min(p), max(p)) for p in pairs})),
        {account: day for account, day in decided.items() if account in survivor},
        tuple(problems),
        tuple(notes),
    )


def _with_zeros(rows: pd.DataFrame, accounts: pd.Index) -> tuple[pd.DataFrame, list[str]]:
    """Ids whose leading zeros a spreadsheet took, where just one account can be meant."""
    digits = pd.Series(accounts[accounts.str.fullmatch(r"0\d+")], dtype="str")
    bare = digits.str.lstrip("0")
    meant = dict(zip(bare[~bare.duplicated(keep=False)], digits[~bare.duplicated(keep=False)], strict=True))
    n = 0
    for name in ("account_id", "same_as"):
        whole = rows[name].map(meant).where(~rows[name].isin(accounts)).astype("str")
        n += int(whole.notna().sum())
        rows = rows.assign(**{name: whole.fillna(rows[name]).astype("str")})
    return rows, [f"{n:,} ids had lost their leading zeros, and were read with them"] if n else []


def _contradictions(given: pd.DataFrame, place: str) -> list[str]:
    """An account that is itself, or two others."""
    problems = []
    own = given[given["account_id"] == given["same_as"]]
    for row in own.itertuples():
        problems.append(f"'same_as' must name another account, got {row.same_as!r} for itself on {place} {row.line:,}")
    for account, rows in given.groupby("account_id", sort=True):
        if len(rows) > 1:
            a, b = rows.iloc[0], rows.iloc[1]
            problems.append(
                f"{account!r} is said to be {a['same_as']!r} on {place} {a['line']:,} and {b['same_as']!r} on {place} "
                f"{b['line']:,} (keep one; if all are one company, say so of {a['same_as']!r} and {b['same_as']!r})"
            )
    return problems


def _circles(survivor: dict[str, str], target: Mapping[str, str], line: Mapping[str, int], place: str) -> list[str]:
    """Accounts that are each other, by the lines that say so; each circle once."""
    problems, seen = [], set[str]()
    for account in sorted(target):
        if account == survivor[account] and account not in seen:
            chain = _chain(account, target)[:-1]
            seen.update(chain)
            lines = " and ".join(f"{line[one]:,}" for one in chain)
            problems.append(
                f"'same_as' runs in a circle, {' -> '.join([*chain, account])}, on {place}s {lines} "
                "(leave out the line of the account that stays)"
            )
    return problems


def _one_and_two(
    different: pd.DataFrame, survivor: dict[str, str], target: Mapping[str, str], line: Mapping[str, int], place: str
) -> list[str]:
    """Pairs called different that other lines make one."""
    problems = []
    for row in different.itertuples():
        a, b = str(row.account_id), str(row.same_as)
        if survivor.get(a, a) == survivor.get(b, b):
            says = [line[one] for end in (a, b) for one in _chain(end, target)[:-1]]
            lines = " and ".join(f"{n:,}" for n in sorted(set(says))) if a != b else "the same row"
            problems.append(
                f"{a!r} and {b!r} are different on {place} {row.line:,} and the same by {place} {lines} (keep one)"
            )
    return problems


def _known(
    survivor: dict[str, str], target: Mapping[str, str], line: Mapping[str, int], accounts: pd.Index, place: str
) -> tuple[dict[str, str], list[str], list[str]]:
    """Only merges into accounts there are; one of an account that is there into one that is not is a problem."""
    there = frozenset(accounts)
    problems = [
        f"'same_as' must lead to an account of the accounts table, got {end!r} for {account!r} on {place} "
        f"{line[account]:,} (name the account that stays)"
        for account, end in sorted(survivor.items())
        if account in there and end not in there
    ]
    stale = {account for account, end in survivor.items() if end not in there and account not in there}
    notes = [f"{len(stale):,} rows are of accounts that are gone, as is what they were; they decide nothing"]
    return {a: end for a, end in survivor.items() if a not in stale}, notes if stale else [], problems


def _chain(account: str, target: Mapping[str, str]) -> list[str]:
    """An account and what it is, on and on; a circle ends where it began."""
    chain, seen = [account], {account}
    while chain[-1] in target:
        chain.append(target[chain[-1]])
        if chain[-1] in seen:
            break
        seen.add(chain[-1])
    return chain


def _pairs(pairs: list[tuple[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["account_id", "same_as"], dtype="str")
