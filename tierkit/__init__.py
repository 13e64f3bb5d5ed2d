"""tierkit: B2B account tiering that explains itself and proves, or refuses to claim, that it works.

The verbs that notebooks need, loaded when first used; the rest is imported from its room.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_VERBS = {
    "open_tables": "tierkit.inputs.opening",
    "build_deal_rows": "tierkit.features.asof",
    "build_panel_rows": "tierkit.features.asof",
    "build_account_rows": "tierkit.features.asof",
    "screen_features": "tierkit.features.leaks",
    "fit_icp": "tierkit.features.fit",
    "score_fit": "tierkit.features.fit",
    "fit_propensity": "tierkit.models.propensity",
    "fit_acv": "tierkit.models.acv",
    "fit_opening": "tierkit.models.opening",
    "score_accounts": "tierkit.models.scoring",
    "score_file": "tierkit.models.score_files",
    "explain_scores": "tierkit.models.reasons",
    "gate_accounts": "tierkit.tiering.gates",
    "assign_tiers": "tierkit.tiering.assign",
    "tier_changes": "tierkit.tiering.changes",
    "backtest_policy": "tierkit.proof.backtest",
    "tier_lift": "tierkit.proof.lift",
    "audit_tiers": "tierkit.proof.duel",
    "open_run": "tierkit.reporting.runs",
}

__all__ = ["__version__", *_VERBS]


def __getattr__(name: str) -> Any:
    if name not in _VERBS:
        raise AttributeError(f"module 'tierkit' has no attribute {name!r}")
    return getattr(import_module(_VERBS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
