"""Part 7: ten we got wrong, what we knew then, and what would have caught them."""

from collections.abc import Hashable
from typing import Any

import pandas as pd

from tierkit.proof.change_words import say_changes
from tierkit.proof.miss_classes import RULES
from tierkit.proof.misses import WON
from tierkit.proof.misses import find_misses as find_unnamed
from tierkit.reporting import words
from tierkit.reporting.fragments import (
    Field,
    Fragment,
    escape,
    folded,
    pairs,
    paragraph,
    say_name,
    section,
    table,
    unavailable,
)


def find_misses(replay: pd.DataFrame, *, names: "pd.Series[str] | None" = None, limit: int = 10) -> pd.DataFrame:
    """The costliest misses of a replay by name, without their classes: `name_misses` of what `proof` found."""
    return name_misses(find_unnamed(replay, limit=limit), names=names)


def name_misses(misses: pd.DataFrame, *, names: "pd.Series[str] | None" = None) -> pd.DataFrame:
    """The misses as people read them.

    Parameters
    ----------
    misses : as `proof.misses.find_misses`, or `proof.miss_classes.explain_misses`, returns them.
    names : account name by account_id.

    Returns
    -------
    One row per account: account_id, name, as_of (when it was tiered), tier, what (what happened), won_acv, knew (what
    we knew then); and, where the misses are classed, class, why and change_says (what would have caught it).
    """
    ids = misses["account_id"].astype("str")
    rows = misses.to_dict("records")
    said = misses.assign(
        name=ids if names is None else ids.map(names).fillna(ids),
        knew=pd.Series([_knew(row) for row in rows], misses.index, dtype="str"),
    )
    if "what" not in said:
        said["what"] = pd.Series([_what(row) for row in rows], misses.index, dtype="str")
    columns = ["account_id", "name", "as_of", "tier", "what", "won_acv", "knew"]
    classed = ["class", "why", "change", "change_says", "kind"]
    shown: pd.DataFrame = said[[*columns, *([c for c in classed if c in said] if "class" in said else [])]]
    return shown


def show_misses(
    misses: pd.DataFrame | None,
    *,
    tried: pd.DataFrame | None = None,
    currency: str = "USD",
    with_money: bool = True,
    because: str = "",
) -> Fragment:
    """One block per miss, and the changes that were tried on all months, folded.

    Parameters
    ----------
    misses : as `name_misses` returns it; None where nothing could be replayed.
    tried : as `Run.changes_tried`; None leaves it out.
    """
    if misses is None:
        return unavailable("misses", because or "nothing could be replayed")
    if misses.empty:
        return section("misses", paragraph("No lowest-tier account won, and no Tier 1 account failed to, so far."))
    parts: list[str | Fragment] = []
    if tried is not None and len(tried):
        parts += [paragraph(s) for s in say_changes(tried, misses)]
        # Never what would have caught one account without what it does to the others.
        verdict = (
            misses["change"].map(tried.set_index("change")["verdict"]).map("; tried: {}".format, na_action="ignore")
        )
        misses = misses.assign(change_says=misses["change_says"] + verdict.astype("str").fillna(""))
    items = "".join(_miss(row, currency if with_money else None) for row in misses.to_dict("records"))
    parts.append(f'<ol class="decide">{items}</ol>')
    if "class" in misses:
        kinds: list[tuple[Hashable, Any]] = [(name.capitalize(), f"{rule}.") for name, rule in RULES.items()]
        inner = f'<dl class="pairs">{pairs((str(k), v) for k, v in kinds)}</dl>'
        parts.append(folded("What the classes mean: the first rule that holds", inner))
    if tried is not None and len(tried):
        parts.append(folded("Every change tried, on all replayed months", _table_of(tried)))
    return section("misses", *parts)


def _miss(row: dict[Any, Any], currency: str | None) -> str:
    """Who it was, where we had it and what happened; what we knew; why, and what would have caught it."""
    tier = words.tier_name(row["tier"])
    then = f"{tier[:1].upper()}{tier[1:]} on {words.day(row['as_of'])}; {row['what']}"
    if currency is not None and row["what"] == "won" and not words.is_missing(row["won_acv"]):
        then += f" {words.money(row['won_acv'], currency)}"
    why = [] if words.is_missing(row.get("class")) else [(str(row["class"]).capitalize(), row["why"])]
    knew = [("Known then", row["knew"])]
    if not words.is_missing(row.get("change_says")):
        knew.append(("Would catch it", row["change_says"]))
    name = say_name(row["name"], card_of=row["account_id"])
    return (
        f'<li class="decision"><div><h3>{name}</h3><p>{escape(then)}</p></div>'
        f'<dl class="grounds">{pairs(why)}</dl><dl class="grounds">{pairs(knew)}</dl></li>'
    )


_TRIED = (
    Field("says", "Change", lead=True),
    Field("n_caught", "Of these, caught", "count"),
    Field("n_gained", "Wins in", "count"),
    Field("n_lost", "Wins out", "count"),
    Field("places_more", "Account-months more", "count"),
    Field("verdict", "Verdict"),
    Field("sentence", "In words"),
)


def _table_of(tried: pd.DataFrame) -> str:
    counted = tried.astype(dict.fromkeys(("n_gained", "n_lost", "places_more"), "float64"))
    # What cannot be replayed has no count, rather than none.
    counted.loc[counted["kind"] == "work", ["n_gained", "n_lost", "places_more"]] = float("nan")
    return table(counted, _TRIED, caption="One row per change that was tried on all replayed months")


def _what(row: dict[Any, Any]) -> str:
    if row["miss"] == WON:
        return "won"
    if row["unit"] == "deal":
        return "still open at the horizon" if row.get("is_open") == 1 else "lost"
    return "did not win"


def _knew(row: dict[Any, Any]) -> str:
    """What the replay knew on the day: never money, since it may not reconcile."""
    said = []
    if not words.is_missing(row["place"]):
        said.append(f"ranked {words.count(row['place'])} of {words.count(row['of'])}")
    if not words.is_missing(row["win_prob"]):
        said.append(f"chance to win a deal {words.percent(row['win_prob'])}")
    return ", ".join(said) or "nothing"
