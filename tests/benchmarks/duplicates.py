"""How many planted duplicates are found, how many pairs found are planted, and what 200,000 accounts cost.

Run `python -m tests.benchmarks.duplicates --accounts 200000`. Names are made of 12,000 stems and 60 common words, so
that a stem is shared by many firms (about 17 of 200,000): harder than most account tables. A hundredth of the accounts
get a second row, spoiled as people spoil them: another legal form, a letter wrong, a word more or less, the domain lost
or with another ending, the country written as a code, lost or wrong.
"""

import argparse
import resource
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from tierkit.inputs.identity.duplicates import find_duplicates
from tierkit.inputs.sample.names import domains_of, firm_names

_WORDS = (
    "Systems Works Care Freight Agency Software Foods Energy Capital Media Logistics Labs Health Motors Design "
    "Bank Insurance Steel Textiles Travel Pharma Electronics Networks Solar Robotics Data Cloud Security Partners "
    "Consulting Services Solutions Global International Technologies Industries Construction Engineering Marine "
    "Aviation Retail Fashion Sports Games Studios Publishing Education Academy Farms Dairy Paper Plastics "
    "Chemicals Mining Water Telecom Mobile Digital Analytics Ventures"
)
WORDS = _WORDS.split()
FORMS = ("", "", "", " Inc", " Ltd", " GmbH", " LLC", ", Inc.", " S.A.", " AG")
COUNTRIES = {"United States": "US", "Germany": "DE", "France": "FR", "United Kingdom": "GB", "Sweden": "SE"}
BANDS = (0.5, 0.7, 0.9, 0.99, 1.0001)


def make_accounts(seed: int, n: int) -> tuple[pd.DataFrame, set[frozenset[str]]]:
    """Accounts of which a hundredth stand twice, and the pairs that are one company."""
    rng = np.random.default_rng(seed)
    stems = [name.rsplit(" ", 1)[0] for name in firm_names(rng, np.zeros(12_000, dtype=np.int64))]
    n_firms = round(n / 1.01)
    drawn = rng.permutation(len(stems) * len(WORDS))[:n_firms]
    bare = [f"{stems[k // len(WORDS)]} {WORDS[k % len(WORDS)]}" for k in drawn]
    country = rng.choice(list(COUNTRIES), n_firms)
    domain = domains_of(np.array(bare, dtype=object))
    ending = rng.choice([".com", ".com", ".de", ".co.uk", ".io"], n_firms)
    domain = [d.replace(".example", e) for d, e in zip(domain, ending, strict=True)]
    firms = pd.DataFrame(
        {
            "name": [name + form for name, form in zip(bare, rng.choice(FORMS, n_firms), strict=True)],
            "domain": np.where(rng.random(n_firms) < 0.15, None, np.array(domain, dtype=object)),
            "country": np.where(rng.random(n_firms) < 0.05, None, country.astype(object)),
        }
    )
    twins = rng.choice(n_firms, n - n_firms, replace=False)
    copies = pd.DataFrame([_spoil(rng, bare[t], domain[t], str(country[t])) for t in twins])
    ids = np.array([f"{k:07d}" for k in rng.permutation(n)])
    rows = pd.concat([firms, copies], ignore_index=True).assign(account_id=ids)
    truth = {frozenset((str(ids[t]), str(ids[n_firms + k]))) for k, t in enumerate(twins)}
    return rows.sample(frac=1, random_state=seed), truth


def _spoil(rng: np.random.Generator, name: str, domain: str, country: str) -> dict[str, str | None]:
    """The same company as somebody else would enter it."""
    if rng.random() < 0.25:
        at = int(rng.integers(0, len(name) - 1))
        name = str(
            rng.choice([name[:at] + name[at + 1 :], name[:at] + "e" + name[at:], name[:at] + "a" + name[at + 1 :]])
        )
    if rng.random() < 0.10:
        name = name.rsplit(" ", 1)[0]
    elif rng.random() < 0.10:
        name = f"{name} {rng.choice(['Europe', 'USA', 'Nord'])}"
    drawn = rng.random()
    site: str | None = f"https://www.{domain}/start" if drawn < 0.4 else f"shop.{domain}" if drawn < 0.5 else domain
    if drawn > 0.9:
        site = domain.split(".")[0] + ".net"
    if drawn > 0.95 or rng.random() < 0.25:
        site = None
    drawn = rng.random()
    there: str | None = COUNTRIES[country] if drawn < 0.2 else None if drawn < 0.3 else country
    if drawn > 0.97:
        there = "Brazil"
    return {
        "name": name.upper() if rng.random() < 0.1 else name + str(rng.choice(FORMS)),
        "domain": site,
        "country": there,
    }


def measure(seed: int, n: int) -> tuple[pd.DataFrame, dict[str, float]]:
    """By band of score how many pairs were found and how many of them are planted; and recall, seconds and memory."""
    rows, truth = make_accounts(seed, n)
    began, cpu = time.perf_counter(), time.process_time()
    found = find_duplicates(rows)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    frame = found.frame
    hit = [frozenset(p) in truth for p in zip(frame["account_id"], frame["duplicate_of"], strict=True)]
    band = pd.cut(frame["score"], BANDS, right=False)
    bands = frame.assign(hit=hit).groupby(band, observed=False)["hit"].agg(["size", "sum", "mean"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    figures = {"n": len(rows), "planted": len(truth), "found": len(frame), "recall": sum(hit) / len(truth)}
    figures |= {
        "precision": float(np.mean(hit)),
        "compared": found.n_compared,
        "seconds": took,
        "cpu": cpu,
        "peak_gb": peak,
    }
    return bands, figures


def main(argv: Sequence[str] | None = None) -> None:
    """Print the figures, and fail past the limits."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--accounts", type=int, default=200_000)
    ask.add_argument("--seeds", type=int, default=1)
    given = ask.parse_args(argv)
    for seed in range(given.seeds):
        bands, figures = measure(seed, given.accounts)
        print(bands.to_string(), {k: round(v, 4) for k, v in figures.items()}, sep="\n", flush=True)


if __name__ == "__main__":
    main()
