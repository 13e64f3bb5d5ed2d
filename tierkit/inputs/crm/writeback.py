"""What a CRM calls the fields that tiers are written back to."""

from typing import Literal

from pydantic import Field, model_validator

from tierkit.inputs.settings import Section

FIELDS = ("account_id", "tier", "tier_label", "score", "top_reasons", "as_of", "run_id", "valid_until")
"""What a write-back carries: the account's key first, then the fields it sets."""

PRESETS: dict[str, dict[str, str]] = {
    "plain": {name: name for name in FIELDS},
    "salesforce": {
        "account_id": "Id",
        "tier": "Tier__c",
        "tier_label": "Tier_Label__c",
        "score": "Tier_Score__c",
        "top_reasons": "Tier_Reasons__c",
        "as_of": "Tier_As_Of__c",
        "run_id": "Tier_Run_Id__c",
        "valid_until": "Tier_Valid_Until__c",
    },
    "hubspot": {
        "account_id": "Record ID",
        "tier": "tier",
        "tier_label": "tier_label",
        "score": "tier_score",
        "top_reasons": "tier_reasons",
        "as_of": "tier_as_of",
        "run_id": "tier_run_id",
        "valid_until": "tier_valid_until",
    },
}
"""Our field = theirs: the custom fields of Data Loader, the internal property names of an import into HubSpot."""

LENGTHS: dict[str, dict[str, int]] = {
    "plain": {},
    # Text, and long text area: Data Loader refuses a row with a longer one when it uses the Bulk API.
    "salesforce": {"tier_label": 255, "top_reasons": 32_768},
    "hubspot": {"tier_label": 65_536, "top_reasons": 65_536},
}
"""Most characters of a text."""


class WritebackSettings(Section):
    """`[report.writeback]`: what the CRM calls the fields of crm_writeback.csv and crm_revert.csv."""

    preset: Literal["plain", "salesforce", "hubspot"] = "plain"
    """Field names and text lengths of the CRM: our own, Salesforce (Data Loader) or HubSpot (import)."""
    fields: dict[str, str] = Field(default_factory=dict)
    """Our field = the CRM's, where the preset's name is not yours: `top_reasons = "Why_This_Tier__c"`."""
    empty: str = ""
    """What clears a field: Data Loader takes "#N/A" with the Bulk API, an empty cell with "Insert null values"."""

    @property
    def names(self) -> dict[str, str]:
        """The CRM's name of each field, by ours."""
        return PRESETS[self.preset] | self.fields

    @property
    def lengths(self) -> dict[str, int]:
        """Most characters of a text, by our name of the field."""
        return LENGTHS[self.preset]

    @model_validator(mode="after")
    def _names_are_known(self) -> "WritebackSettings":
        if unknown := sorted(set(self.fields) - set(FIELDS)):
            raise ValueError(f"fields has no {unknown[0]!r}; known: {', '.join(FIELDS)}")
        names = list(self.names.values())
        if "" in (name.strip() for name in names):
            raise ValueError("fields must name a field of the CRM, got ''")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"fields gives {twice[0]!r} to two of our fields; each needs its own")
        return self
