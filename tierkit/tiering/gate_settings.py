"""Who may be tiered at all: the rules as settings, `[tiers.gates]` of the run sheet."""

from pydantic import Field, ValidationInfo, field_validator, model_validator

from tierkit.inputs.settings import Section


class Bound(Section):
    """`[tiers.gates.bounds]`: where a figure of an account lies inside the ICP."""

    min: float | None = None
    """Smallest value inside the ICP."""
    max: float | None = None
    """Largest value inside the ICP."""

    @model_validator(mode="after")
    def _leaves_room(self) -> "Bound":
        if self.min is None and self.max is None:
            raise ValueError("has neither min nor max; a bound needs one of them")
        if self.min is not None and self.max is not None and self.max < self.min:
            raise ValueError(f"has max {self.max:g} below min {self.min:g}; no account could pass")
        return self


class Gates(Section):
    """`[tiers.gates]`: who may be tiered at all. A value that is not known is never outside."""

    industries: tuple[str, ...] = ()
    """Industries inside the ICP; empty, all."""
    countries: tuple[str, ...] = ()
    """Countries inside the ICP; empty, all."""
    min_employees: int | None = Field(None, ge=0)
    """Smallest headcount inside the ICP."""
    max_employees: int | None = Field(None, ge=0)
    """Largest headcount inside the ICP."""
    required: tuple[str, ...] = ()
    """Fields without which an account needs information before it can be tiered."""
    cool_off_days: int = Field(0, ge=0)
    """Days after a lost deal in which an account is not contacted."""
    bounds: dict[str, Bound] = Field(default_factory=dict)
    """Further figures inside the ICP: column = {min, max}, as annual_revenue = {min = 1000000}."""
    exclude: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Kinds of account we do not sell to: column = values, as segment = ["government"]."""
    competitors: tuple[str, ...] = ()
    """Competitors, never sold to: account ids, names or domains."""

    @field_validator("max_employees")
    @classmethod
    def _bounds_leave_room(cls, high: int | None, info: ValidationInfo) -> int | None:
        low = info.data.get("min_employees")
        if high is not None and low is not None and high < low:
            raise ValueError(f"is below min_employees {low}; no account could pass")
        return high

    @field_validator("bounds")
    @classmethod
    def _one_bound_a_column(cls, bounds: dict[str, Bound], info: ValidationInfo) -> dict[str, Bound]:
        stated = [info.data.get(key) is not None for key in ("min_employees", "max_employees")]
        if "employees" in bounds and any(stated):
            raise ValueError("bounds employees beside min_employees and max_employees; keep one of them")
        return bounds

    @field_validator("exclude")
    @classmethod
    def _nothing_both_inside_and_out(
        cls, exclude: dict[str, tuple[str, ...]], info: ValidationInfo
    ) -> dict[str, tuple[str, ...]]:
        for column, inside in (("industry", "industries"), ("country", "countries")):
            out = {value.strip().casefold() for value in exclude.get(column, ())}
            if both := [value for value in info.data.get(inside, ()) if value.strip().casefold() in out]:
                raise ValueError(f"takes out {column} {both[0]!r}, which {inside} lets in; keep it in one of them")
        return exclude
