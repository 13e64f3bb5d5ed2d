"""The panel of `90_what_if`: sliders for the rules, and the tiers that follow from them."""

from collections.abc import Callable, Mapping
from typing import Any

from tierkit.errors import TierkitError
from tierkit.reporting import words
from tierkit.reporting.figures import figure_svg
from tierkit.reporting.fragments import Fragment, paragraph
from tierkit.reporting.plots.what_if import plot_what_if
from tierkit.reporting.runs import Run
from tierkit.reporting.tables_shown import show_table
from tierkit.reporting.what_if import WhatIf, slots_now, what_if
from tierkit.tiering.stability import STABILITY

_WIDE = {"description_width": "170px"}


def what_if_panel(run: Run) -> Any:
    """Sliders for slots, weights, steadiness and windows, and beside them what they would change; an ipywidgets box.

    Letting go of a slider assigns the tiers anew. Nothing is kept: the run stays as it is.
    """
    import ipywidgets as widgets

    rules = _rules(run)
    told = widgets.HTML(layout={"flex": "1 1 0", "min_width": "0", "margin": "0 0 0 24px"})
    start = {name: widget.value for name, (widget, _) in rules.items()}

    def show(_: Any = None) -> None:
        told.value = _told(run, {name: (widget.value, start[name]) for name, (widget, _) in rules.items()})

    def reset(_: Any) -> None:
        for name, (widget, _) in rules.items():
            widget.value = start[name]

    for widget, _group in rules.values():
        widget.observe(show, names="value")
    again = widgets.Button(description="As the run sheet has it", layout={"width": "auto"})
    again.on_click(reset)
    groups: dict[str, list[Any]] = {}
    for widget, group in rules.values():
        groups.setdefault(group, []).append(widget)
    boxes = [widgets.VBox([widgets.HTML(f"<strong>{group}</strong>"), *inside]) for group, inside in groups.items()]
    show()
    left = widgets.VBox([*boxes, again], layout={"flex": "0 0 auto"})
    return widgets.HBox([left, told], layout={"align_items": "flex-start"})


def show_what_if(run: Run, result: WhatIf, *, name: str = "what-if") -> Fragment:
    """A what-if in words, its sizes, a picture, and who enters and leaves Tier 1.

    Parameters
    ----------
    name : unique in the notebook.
    """
    currency = run.tables.currency
    first = result.sizes.set_index("tier").loc[1]
    asked = words.listing(list(result.changed)) if result.changed else "the rules as they are"
    says = (
        f"With {asked}, {words.things(len(result.entered), 'account')} would enter Tier 1 and "
        f"{words.count(len(result.left))} would leave it; {words.count(len(result.moves))} would change tier in all. "
        f"Tier 1 would hold {words.count(first['n_then'])} accounts instead of {words.count(first['n_now'])}, and an "
        f"expected value of {words.money(first['value_then'], currency)} instead of "
        f"{words.money(first['value_now'], currency)}."
    )
    sizes = show_table(
        result.sizes, title="Each tier now, and under these rules", name=f"{name}-sizes", currency=currency
    )
    shown = Fragment(paragraph(says, "answer")) + sizes
    ax = plot_what_if(result.moves, currency=currency)
    if ax is not None:
        caption = "Expected value of the accounts that would enter Tier 1, and of those that would leave it."
        shown += figure_svg(ax, caption, name=f"{name}-picture")
    for title, key, rows in (("Would enter Tier 1", "in", result.entered), ("Would leave Tier 1", "out", result.left)):
        if len(rows):
            columns = ["name", "owner_id", "from_tier", "to_tier", "expected_value", "tier_reason"]
            shown += show_table(rows, title=title, name=f"{name}-{key}", columns=columns, currency=currency, most=12)
    return shown


def _told(run: Run, asked: Mapping[str, tuple[Any, Any]]) -> str:
    """What the sliders ask for, as HTML; where the rules forbid it, why."""
    changes: dict[str, Any] = {}
    uplift, windows, weights = list(run.sheet.tiers.tier_uplift), {}, {}
    for name, (value, before) in asked.items():
        if value == before:
            continue
        kind, _, part = name.partition(":")
        if kind == "uplift":
            uplift[int(part) - 1] = value
            changes["uplift"] = tuple(uplift)
        elif kind == "window":
            windows[part] = value
            changes["windows"] = windows
        elif kind == "fit":
            weights[part] = value
            changes["fit_weights"] = weights
        else:
            changes[kind] = value
    try:
        return show_what_if(run, what_if(run, **changes)).html
    except TierkitError as error:
        return paragraph(str(error), "answer")


def _rules(run: Run) -> dict[str, tuple[Any, str]]:
    """A slider for each rule and the group it stands in; a name with a colon is one of several of its kind."""
    import ipywidgets as widgets

    policy = run.sheet.tiers

    def slide(kind: Callable[..., Any], value: Any, low: Any, high: Any, label: str, **how: Any) -> Any:
        look = {"style": _WIDE, "layout": {"width": "350px"}, "continuous_update": False}
        return kind(value=value, min=low, max=max(high, value), description=label, **look, **how)

    whole, part = widgets.IntSlider, widgets.FloatSlider
    rules: dict[str, tuple[Any, str]] = {}
    for t, n in slots_now(run).items():
        slider = slide(whole, n, 0, max(2 * n, 10), f"Tier {t}, all reps together")
        rules[f"tier{t}_slots"] = (slider, "Places")
    kept = policy.strategic_slots
    rules["strategic_slots"] = (slide(whole, kept, 0, max(3 * kept, 10), "for strategic claims"), "Places")
    rules["strategic_weight"] = (slide(part, 0.0, 0, 10, "of strategic value", step=0.5), "Weights")
    for t, gain in enumerate(policy.tier_uplift[:-1], start=1):
        rules[f"uplift:{t}"] = (slide(part, gain, 0, 1, f"Tier {t} treatment adds", step=0.02), "Weights")
    for name, weight in zip(run.icp.weights["part"], run.icp.weights["weight"], strict=True):
        slider = slide(part, round(float(weight), 2), 0, 1, f"of {words.field_name(name)} in fit", step=0.05)
        rules[f"fit:{name}"] = (slider, "Weights")
    level = widgets.SelectionSlider(
        options=list(STABILITY),
        value=policy.stability,
        description="stability",
        continuous_update=False,
        style=_WIDE,
        layout={"width": "350px"},
    )
    rules["stability"] = (level, "Steadiness")
    share = slide(part, policy.promotion_share, 0, 0.5, "share for promotions", step=0.05)
    rules["promotion_share"] = (share, "Places")
    for kind, days in sorted(policy.windows.items()):
        label = kind.replace("_", " ")
        rules[f"window:{kind}"] = (slide(whole, days, 0, max(2 * days, 30), label), "Days a trigger stays live")
    return rules
