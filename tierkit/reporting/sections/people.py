"""Whom we know at Tier 1 accounts, and what was sent to too many of them (requirements T17, T18)."""

from collections.abc import Sequence

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.fragments import Field, Fragment, folded, paragraph, section, table, unavailable
from tierkit.tiering.committee import say_committee
from tierkit.tiering.personalisation import LIMITS, say_breaches

_PEOPLE = (
    Field("name", "Account", lead=True),
    Field("owner_id", "Rep"),
    Field("flag", "Hangs on one person"),
    Field("n_in_touch", "People in touch, 90 days", "count"),
    Field("n_contacts", "People known", "count"),
    Field("roles", "Roles covered"),
    Field("roles_missing", "Roles missing"),
    Field("executive", "Executive"),
)
_TEMPLATES = (
    Field("template_id", "Template", lead=True),
    Field("tier", "Tier", "tier"),
    Field("n_accounts", "Accounts", "count"),
    Field("limit", "At most", "count"),
    Field("n_touches", "Touches", "count"),
    Field("said", "Too many"),
)
_BREACHES = (
    Field("name", "Rep", lead=True),
    Field("tier", "Tier", "tier"),
    Field("n_accounts", "Accounts", "count"),
    Field("n_touches", "Touches", "count"),
    Field("templates", "Templates"),
)


def show_committee(
    committee: pd.DataFrame | None, *, owners: "pd.Series[str] | None" = None, because: str = ""
) -> Fragment:
    """Tier 1 accounts with the people known there, those that hang on one person first.

    Parameters
    ----------
    committee : as `buying_committee` returns it; None without contacts.
    owners : name of each rep by owner_id.
    """
    if committee is None or committee.empty:
        return unavailable("committee", because or "no contacts were given")
    first = committee[committee["tier"].astype("int64") == 1]
    if first.empty:
        return section("committee", paragraph("No account stands in Tier 1."))
    both = zip(first["executive_known"], first["executive_in_touch"], strict=True)
    rows = first.assign(
        name=first["name"].fillna(first["account_id"]) if "name" in first else first["account_id"],
        flag=["yes" if alone else "" for alone in first["single_threaded"]],
        roles=first["roles"].map(_listed),
        roles_missing=first["roles_missing"].map(_listed),
        executive=[_executive(known, in_touch) for known, in_touch in both],
    )
    if "owner_id" in rows and owners is not None:
        rows["owner_id"] = rows["owner_id"].map(owners).fillna(rows["owner_id"])
    rows = rows.sort_values(["single_threaded", "account_id"], ascending=[False, True], kind="stable")
    fields = [f for f in _PEOPLE if f.column in rows and not rows[f.column].isna().all()]
    inner = table(rows, fields, caption="One row per Tier 1 account: whom we know there")
    return section("committee", *(paragraph(s) for s in say_committee(committee)), inner)


def show_templates(
    use: pd.DataFrame | None, breaches: pd.DataFrame | None, *, says: Sequence[str] | None = None, because: str = ""
) -> Fragment:
    """Accounts that each template reached, against the limit of their tier, and the reps who went beyond it.

    Parameters
    ----------
    use, breaches : as `template_use` and `template_breaches` return them; None where no touch names a template.
    """
    if use is None or breaches is None or use.empty:
        return unavailable("templates", because or "no touch names the template it was made from")
    said = list(say_breaches(breaches) if says is None else says)
    if not said:
        most = " and ".join(f"{n:,} in {words.tier_name(t)}" for t, n in LIMITS.items())
        said = [f"No template went to more accounts than its tier allows ({most})."]
    upper = use[use["limit"].notna()].assign(said=["yes" if b else "" for b in use.loc[use["limit"].notna(), "breach"]])
    parts: list[str | Fragment] = [paragraph(s) for s in said]
    if len(breaches):
        named = breaches.assign(
            name=breaches["name"].fillna("no rep"), templates=breaches["templates"].str.replace(";", ", ")
        )
        parts.append(table(named, _BREACHES, caption="One row per rep and tier: templates sent to too many"))
    if len(upper):
        inner = table(upper, _TEMPLATES, caption="One row per template and upper tier, 90 days")
        parts.append(folded("Every template, by tier", inner))
    return section("templates", *parts)


def _listed(roles: str) -> str:
    return roles.replace("_", " ").replace(";", ", ")


def _executive(known: object, in_touch: object) -> str:
    if not words.is_missing(in_touch) and bool(in_touch):
        return "in touch"
    return "known" if bool(known) else "none known"
