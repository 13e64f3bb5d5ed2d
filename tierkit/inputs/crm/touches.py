"""Tasks, events, calls, meetings, emails and notes as activities: what happened, whose it was, how long it took."""

import re

import pandas as pd

from tierkit.inputs.amounts import read_numbers
from tierkit.inputs.crm.deal_fields import apply_stated
from tierkit.inputs.crm.history import moments_of
from tierkit.inputs.crm.holdings import Holding, is_yes
from tierkit.inputs.crm.links import Links, first_of, look_up, one_row_each
from tierkit.inputs.settings import TableSource

COLUMNS = (
    "account_id",
    "occurred_at",
    "kind",
    "direction",
    "contact_id",
    "channel",
    "template_id",
    "minutes",
    "known_at",
)
DONE = {"completed", "complete", "done", "closed", "erledigt", "abgeschlossen", "terminé", "completada", "completed."}
_KIND_OF_OBJECT = {"Task": "task", "Event": "meeting", "calls": "call", "meetings": "meeting"} | {
    "emails": "email",
    "tasks": "task",
    "notes": "note",
}
_SUBTYPES = {"email": "email", "listemail": "email", "call": "call", "linkedin": "linkedin"}
_KINDS = {
    "email": "email",
    "call": "call",
    "phone": "call",
    "phone call": "call",
    "meeting": "meeting",
    "demo": "meeting",
} | {
    "e-mail": "email",
    "todo": "task",
    "to-do": "task",
    "to do": "task",
    "linked_in": "linkedin",
    "linked_in_connect": "linkedin",
    "linked_in_message": "linkedin",
    "other": "",
    "webinar": "event",
}
_INBOUND = {"inbound", "incoming", "incoming_email", "incoming email", "received", "in"}
_OUTBOUND = {"outbound", "outgoing", "email", "sent", "forwarded_email", "out", "outgoing_email", "outgoing email"}
_SUBJECT = re.compile(r"^\s*(?:list\s+)?(email|call)\s*:", re.IGNORECASE)
_MINUTE, _MS_A_MINUTE = 60, 60_000


def build_touches(
    held: Holding, links: Links, source: TableSource, *, crm: str, through: pd.Timestamp | None, zone: str
) -> Holding:
    """Activities of one object.

    Parameters
    ----------
    links : what leads from deals and people to accounts.
    source : the sheet's values of kind and direction win.
    through : last day the export covers: what is planned after it has not happened.

    Returns
    -------
    The columns of activities there are; rows without an account, not yet done, or of a deleted account are counted and
    left out; one row for each company an engagement is associated with.
    """
    held = _only_done(held, source, through, zone)
    kinds = _kinds(held, source)
    columns: dict[str, pd.Series] = {"kind": kinds, "occurred_at": _days(held, kinds, source, zone)}
    direction, assumed = _directions(held, source)
    columns["direction"] = direction
    columns |= _contacts(held, crm)
    minutes = _minutes(held, source, zone)
    if minutes is not None:
        columns["minutes"] = minutes
    columns |= {name: held.frame[name] for name in ("channel", "template_id", "known_at") if name in held}
    name = held.object.title
    if assumed:
        held = held.say(f"{assumed:,} rows of {name} say no direction and were read as ours (outbound)")
    owned = _accounts(held, links)
    frame = pd.DataFrame({"account_id": owned.column("account_id"), **columns}, index=held.frame.index)
    frame, n_several = one_row_each(frame, "account_id")
    frame["account_id"] = _survivors(frame["account_id"], links)
    given = frame["account_id"].notna()
    n_nobody = int((~given).sum())
    gone = given & frame["account_id"].isin(links.deleted)
    said = [*owned.notes]
    if n_several:
        said.append(f"{n_several:,} rows of {name} are associated with several companies and count for each")
    if n_nobody:
        said.append(f"{n_nobody:,} rows of {name} lead to no account and were left out")
    if gone.any():
        said.append(f"{int(gone.sum()):,} rows of {name} are of deleted accounts and were left out")
    frame = frame[given & ~gone]
    if not frame.index.is_unique:
        origin = held.origin if held.origin is not None else _one_file(held)
        origin = origin.loc[frame.index].reset_index(drop=True)
        frame = frame.reset_index(drop=True)
        return Holding(held.object, frame, held.parts, held.place, origin, notes=tuple(said))
    return Holding(held.object, frame, held.parts, held.place, held.origin, suspect=held.suspect, notes=tuple(said))


def _one_file(held: Holding) -> pd.DataFrame:
    return pd.DataFrame({"file": held.parts[0].file, "line": held.frame.index}, index=held.frame.index)


def _only_done(held: Holding, source: TableSource, through: pd.Timestamp | None, zone: str) -> Holding:
    name = held.object.title
    if "is_child" in held:
        held = held.keep(
            ~is_yes(held.column("is_child")), f"{{n}} rows of {name} are an invitee's copy and were left out"
        )
    if name in ("Task", "tasks", "calls", "emails"):
        done = _done(held)
        if done is None:
            return held.say(f"no column of {name} says what was done, so every row counts as done")
        return held.keep(done, f"{{n}} rows of {name} are planned or open and were left out")
    if "meeting_outcome" in held:
        outcome = held.column("meeting_outcome").str.strip().str.upper().str.replace(" ", "_")
        held = held.keep(
            outcome.isna() | outcome.isin(["COMPLETED", "SCHEDULED"]), f"{{n}} rows of {name} did not take place"
        )
        outcome = outcome[held.frame.index]
        planned = (outcome == "SCHEDULED").fillna(False).astype(bool)
        held = held.keep(~planned, f"{{n}} rows of {name} are scheduled and were left out")
    return _until(held, source, through, zone)


def _until(held: Holding, source: TableSource, through: pd.Timestamp | None, zone: str) -> Holding:
    """Without what lies after the last day the export covers."""
    if through is None or held.frame.empty:
        return held
    planned = _days(held, _kinds(held, source), source, zone) > through
    return held.keep(~planned, f"{{n}} rows of {held.object.name} lie ahead and were left out")


def _done(held: Holding) -> pd.Series | None:
    if held.object.name == "calls":
        status = held.column("status").str.upper()
        return None if status.isna().all() else status.isna() | (status == "COMPLETED")
    if held.object.name == "emails":
        status = held.column("status").str.upper()
        unsent = status.isin(["FAILED", "BOUNCED", "SCHEDULED", "SENDING", "DRAFT"])
        return ~unsent
    if "is_closed" in held and held.column("is_closed").notna().any():
        done = is_yes(held.column("is_closed"))
    elif "status" in held and held.column("status").notna().any():
        done = held.column("status").str.strip().str.lower().isin(DONE)
    elif "completed_at" in held:
        done = held.column("completed_at").notna()
    else:
        return None
    if "is_task" in held:
        # Reports of tasks and events mark tasks; an event needs no completion
        done = done | (held.column("is_task").notna() & ~is_yes(held.column("is_task")))
    return done


def _kinds(held: Holding, source: TableSource) -> pd.Series:
    """By subtype, then by type, then by the first word of the subject, else by the object."""
    given = held.column("type")
    kind = apply_stated(given, source.values.get("kind", {}))
    if "kind" in held:
        own = held.frame["kind"]
        kind = kind.fillna(apply_stated(own, source.values.get("kind", {}))).fillna(own)
    subtype = held.column("subtype").str.lower()
    kind = kind.fillna(subtype.map(_SUBTYPES).astype("str"))
    if held.object.name in ("Task", "Event", "tasks"):
        levels = {level: _kind_of(level) for level in given.dropna().unique()}
        kind = kind.fillna(given.map({level: k for level, k in levels.items() if k}).astype("str"))
        unknown = kind.isna()
        if unknown.any():
            word = held.column("subject")[unknown].str.extract(_SUBJECT, expand=False).str.lower()
            kind = kind.fillna(word)
        if "is_task" in held:
            event = held.column("is_task").notna() & ~is_yes(held.column("is_task"))
            kind = kind.mask(kind.isna() & event, "meeting")
    return kind.fillna(_KIND_OF_OBJECT.get(held.object.name, "other"))


def _kind_of(level: str) -> str:
    lower = level.strip().lower()
    if lower in _KINDS:
        return _KINDS[lower]
    return "_".join("".join(c if c.isalnum() else " " for c in lower).split())


def _directions(held: Holding, source: TableSource) -> tuple[pd.Series, int]:
    """Inbound is theirs, outbound ours; what our people did and nobody calls theirs is ours, and counted."""
    stated = source.values.get("direction", {})
    direction = pd.Series(None, held.frame.index, dtype="str")
    said = pd.Series(False, held.frame.index)
    for column in ("direction", "call_type", "incoming"):
        if column not in held:
            continue
        cells = held.frame[column]
        if column == "incoming":
            words = pd.Series("outbound", cells.index, dtype="str").mask(is_yes(cells), "inbound").where(cells.notna())
        else:
            levels = {level: _direction_of(level) for level in cells.dropna().unique()}
            words = cells.map({level: word for level, word in levels.items() if word}).astype("str")
            if stated:
                words = apply_stated(cells, stated).fillna(words)
        direction = direction.fillna(words)
        said |= cells.notna()
    assumed = direction.isna() & ~said
    return direction.mask(assumed, "outbound"), int(assumed.sum())


def _direction_of(level: str) -> str:
    lower = level.strip().lower()
    return "inbound" if lower in _INBOUND else "outbound" if lower in _OUTBOUND else ""


def _days(held: Holding, kinds: pd.Series, source: TableSource, zone: str) -> pd.Series:
    """The day it happened: of a to-do the day it was done, of what was logged the day it was logged for."""

    def read(name: str) -> pd.Series:
        return pd.Series(moments_of(held.column(name), held, day_first=source.day_first, zone=zone).dt.normalize())

    if "occurred_at" in held:
        found = read("occurred_at")
        return found.fillna(read("started_at")) if "started_at" in held else found
    if held.object.name == "Event":
        found = read("started_at").fillna(read("due_at")) if "due_at" in held else read("started_at")
        return found.fillna(read("due_on"))
    due, done = read("due_on"), read("completed_at")
    to_do = kinds == "task"
    logged = due.where(~(due > done), done)
    day = done.where(to_do, logged).fillna(logged).fillna(done).fillna(due)
    return day.fillna(read("known_at")) if day.isna().any() else day


def _contacts(held: Holding, crm: str) -> dict[str, pd.Series]:
    if "contact_id" in held:
        return {"contact_id": held.frame["contact_id"]}
    if "who_id" not in held:
        return {}
    who, _ = first_of(held.frame["who_id"])
    if crm == "salesforce":
        # 00Q is a lead: no person of an account yet
        who = who.where(~who.str.startswith("00Q", na=False))
    return {"contact_id": who} if who.notna().any() else {}


def _minutes(held: Holding, source: TableSource, zone: str) -> pd.Series | None:
    if "minutes" in held:
        minutes = read_numbers(held.frame["minutes"])
    elif "seconds" in held:
        minutes = read_numbers(held.frame["seconds"]) / _MINUTE
    elif "milliseconds" in held:
        minutes = read_numbers(held.frame["milliseconds"]) / _MS_A_MINUTE
    else:
        minutes = pd.Series(float("nan"), held.frame.index)
    if "minutes" in held and "seconds" in held:
        minutes = minutes.fillna(read_numbers(held.frame["seconds"]) / _MINUTE)
    if "started_at" in held and "ended_at" in held and minutes.isna().any():
        start, end = (
            moments_of(held.frame[name], held, day_first=source.day_first, zone=zone)
            for name in ("started_at", "ended_at")
        )
        span = (end - start).dt.total_seconds() / _MINUTE
        minutes = minutes.fillna(span.where(span >= 0))
    return minutes if minutes.notna().any() else None


def _accounts(held: Holding, links: Links) -> Holding:
    """The account a row is of: its own, else that of its deal, of its person, or of the account's name."""
    own = held.column("account_id")
    n_own = own.notna()
    if "what_id" in held:
        what, _ = first_of(held.frame["what_id"])
        own = own.fillna(look_up(what, links.by_deal))
        if links.accounts is not None:
            own = own.fillna(what.where(what.isin(links.accounts)))
        elif held.object.name in ("Task", "Event"):
            own = own.fillna(what.where(what.str.startswith("001", na=False)))
    if "who_id" in held:
        who, _ = first_of(held.frame["who_id"])
        own = own.fillna(look_up(who, links.by_contact)).fillna(look_up(who, links.by_lead))
    if "account_name" in held:
        own = own.fillna(look_up(held.frame["account_name"], links.by_name))
    n = int((own.notna() & ~n_own).sum())
    name = held.object.title
    return held.assign(account_id=own).say(
        f"{n:,} rows of {name} found their account through a deal, a person or a name" if n else ""
    )


def _survivors(ids: pd.Series, links: Links) -> pd.Series:
    return look_up(ids, links.survivor).fillna(ids)
