"""A small line across months, drawn as SVG: no figure stands in it that the words beside it do not say."""

import math
from collections.abc import Callable, Sequence

from tierkit.reporting.fragments import escape

_WIDTH, _HEIGHT, _EDGE = 300, 84, 8

Numbers = Sequence[float | None]


def draw_sparkline(
    values: Numbers,
    said: str,
    *,
    low: Numbers | None = None,
    high: Numbers | None = None,
    beside: Numbers | None = None,
    level: float | None = None,
    stopped: Sequence[int] = (),
) -> str:
    """An inline SVG with one point for each month, from 0 up.

    Parameters
    ----------
    values : one for each month, None where it is unknown: the line has a gap there.
    said : what is drawn, in words, for those who hear the page.
    low, high : an interval for each value, drawn as an upright line.
    beside : a second line, broken. level : a thin line across, as 1 for "no better".
    stopped : places of the months that the audit stopped: a cross at the foot.
    """
    series = [s for s in (values, low, high, beside) if s is not None]
    known = [v for s in series for v in s if v is not None and math.isfinite(v)]
    top = max([*known, level or 0.0, 1e-9]) * 1.06
    x = [_EDGE + (_WIDTH - 2 * _EDGE) * i / max(len(values) - 1, 1) for i in range(len(values))]

    def y(value: float) -> float:
        return _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * min(value, top) / top

    parts = [f'<path class="foot-line" d="M{_EDGE} {y(0):.1f}H{_WIDTH - _EDGE}"/>']
    if level is not None:
        parts.append(f'<path class="level" d="M{_EDGE} {y(level):.1f}H{_WIDTH - _EDGE}"/>')
    for at, a, b in zip(x, low or (), high or (), strict=False):
        if a is not None and b is not None:
            parts.append(f'<path class="range" d="M{at:.1f} {y(a):.1f}V{y(b):.1f}"/>')
    if beside is not None:
        parts.append(_line(x, beside, y, "beside-line"))
    parts.append(_line(x, values, y, "line-of"))
    parts += [
        f'<circle cx="{at:.1f}" cy="{y(v):.1f}" r="{4 if i == _last(values) else 2.2}"/>'
        for i, (at, v) in enumerate(zip(x, values, strict=True))
        if v is not None
    ]
    parts += [f'<path class="stopped" d="M{x[i] - 4:.1f} {y(0) - 4:.1f}l8 8m0 -8l-8 8"/>' for i in stopped]
    return (
        f'<svg class="spark" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(said)}">'
        f"{''.join(parts)}</svg>"
    )


def _line(x: Sequence[float], values: Numbers, y: Callable[[float], float], kind: str) -> str:
    """A path with a gap where a value is unknown."""
    path, pen = "", "M"
    for at, value in zip(x, values, strict=True):
        path += "" if value is None else f"{pen}{at:.1f} {y(value):.1f}"
        pen = "M" if value is None else "L"
    return f'<path class="{kind}" d="{path}"/>' if path else ""


def _last(values: Numbers) -> int:
    return max(i for i, v in enumerate(values) if v is not None)
