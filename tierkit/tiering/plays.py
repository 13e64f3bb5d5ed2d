"""Plays: what a tier gets, and who does it."""

from typing import Any

from pydantic import Field, field_validator

from tierkit.inputs.settings import Section

OWNERS = ("ae", "sdr", "marketing")
"""Who stands in every play; Tier 1 also has a `sponsor`."""


class Play(Section):
    """What a tier gets: at least five attributes and somebody who does each."""

    entry: str
    """Rule by which an account enters the tier, in words."""
    exit: str
    """Rule by which it leaves, in words."""
    next_step: str
    """What the owner does first."""
    channels: tuple[str, ...]
    """Channels used."""
    cadence: str
    """How often the account is touched."""
    sla: str
    """How fast a signal is answered."""
    content: str
    """What it is sent."""
    owners: dict[str, str]
    """Who does what: ae, sdr, marketing; Tier 1 also sponsor."""
    touches_per_month: float = Field(ge=0)
    """Touches intended for an account in a month."""

    @field_validator("entry", "exit", "next_step", "channels", "cadence", "sla", "content")
    @classmethod
    def _is_said(cls, said: Any) -> Any:
        if not said or (isinstance(said, str) and not said.strip()):
            raise ValueError("is empty; a play says it in words")
        return said

    @field_validator("owners")
    @classmethod
    def _somebody_does_it(cls, owners: dict[str, str]) -> dict[str, str]:
        if missing := [who for who in OWNERS if not owners.get(who, "").strip()]:
            raise ValueError(f"names nobody for {', '.join(missing)}; a play needs {', '.join(OWNERS)}")
        return owners

    @property
    def treatment(self) -> tuple[Any, ...]:
        """What the account notices of it: the play without its entry and exit rules."""
        owners = tuple(sorted(self.owners.items()))
        return self.channels, self.cadence, self.sla, self.content, owners, self.touches_per_month, self.next_step


_STRATEGIC = Play(
    entry="Among the highest expected values of its owner, or a strategic claim with evidence, while a slot is free",
    exit="Another account beats it by more than the stability band, or its claim, window or override ends",
    next_step="Write the account plan with the sponsor and book the first executive meeting",
    channels=("executive meeting", "phone", "email", "event", "direct mail"),
    cadence="Weekly by the account executive, an executive contact every quarter",
    sla="A person answers a signal within 4 working hours",
    content="Research and a business case written for this account alone",
    owners={
        "ae": "Dedicated: owns the account plan and the relationships",
        "sdr": "Maps the buying committee and opens doors for the account executive",
        "marketing": "Builds a campaign for this account",
        "sponsor": "An executive who meets their peer once a quarter",
    },
    touches_per_month=8,
)
_PRIORITY = Play(
    entry="Next in expected value of its owner, while a Tier 2 slot is free",
    exit="Moves up by value, claim or trigger; or others beat it by more than the stability band",
    next_step="Put the right two people into the industry sequence and add the account to the ads audience",
    channels=("email", "phone", "social", "account-based ads"),
    cadence="Every two weeks, by a sequence that is personalised before it is sent",
    sla="A person answers a signal within one working day",
    content="Industry case studies, templates with a personal opening",
    owners={
        "ae": "Takes the meeting and the deal",
        "sdr": "Runs the sequence and books the meeting",
        "marketing": "Runs account-based ads and keeps the case studies fresh",
    },
    touches_per_month=2,
)
_STANDARD = Play(
    entry="Inside the ICP and next in expected value, while a place is free",
    exit="Moves up by value or trigger; or others beat it by more than the stability band",
    next_step="Enrol the account in the monthly industry sequence",
    channels=("email", "webinar"),
    cadence="Monthly, by a sequence for the industry",
    sla="A person answers a hand-raise within two working days",
    content="Industry newsletter and webinars",
    owners={
        "ae": "Takes over when a meeting is booked",
        "sdr": "Follows up replies and hand-raises",
        "marketing": "Runs the sequence and the webinars",
    },
    touches_per_month=1,
)
_PROGRAMME = Play(
    entry="Inside the ICP, and no slot above is free for its value",
    exit="Moves up by value, claim or trigger; or a gate takes it out",
    next_step="Keep the account in nurture and watch for a hand-raise",
    channels=("email", "content"),
    cadence="Automated nurture, no cadence by hand",
    sla="A hand-raise is answered within two working days; the rest is automated",
    content="Programme content, lightly personalised by industry",
    owners={
        "ae": "Takes over when a deal opens",
        "sdr": "Answers hand-raises",
        "marketing": "Owns the programme: nurture, newsletter, content",
    },
    touches_per_month=0.5,
)

DEFAULT_PLAYS: dict[int, tuple[Play, ...]] = {
    2: (_STRATEGIC, _PROGRAMME),
    3: (_STRATEGIC, _PRIORITY, _PROGRAMME),
    4: (_STRATEGIC, _PRIORITY, _STANDARD, _PROGRAMME),
}
"""The field's own plays, for two, three and four tiers, best first."""
