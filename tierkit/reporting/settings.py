"""What the report shows and where it goes: `[report]` of the run sheet."""

from pydantic import Field

from tierkit.inputs.settings import Section


class ReportSettings(Section):
    """`[report]`: the page and its folder."""

    folder: str = "reports"
    """Folder of published months, relative to the folder of the run sheet."""
    company: str = "Your company"
    """Name in the title of the page."""
    review_sample: int = Field(20, ge=0)
    """Accounts drawn for the weekly review."""
