"""A made-up company of 8 reps and 4,000 accounts: every result table that the page takes."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.reporting import page
from tierkit.reporting.cards import just_below
from tierkit.reporting.export import export_page
from tierkit.reporting.tierfiles import stamp_tiers

AS_OF = pd.Timestamp("2026-10-31")
REPS = ("Ana Lopez", "Ben Okafor", "Chiara Rossi", "Dev Patel", "Emma Lind", "Farid Haddad", "Grace Kim", "Hugo Meyer")
FIRST = ("Acme", "Borealis", "Cobalt", "Delphi", "Evergreen", "Fjord", "Granite", "Harbour", "Ironwood", "Juniper")
LAST = ("Logistics", "Health", "Analytics & Risk", "Manufacturing", "Robotics", "Foods", "Energy", "Insurance Group")
FOR = (
    "Uses the two tools that won accounts most often have",
    "Three people asked about pricing in the last 30 days",
    "Twice the headcount of a typical won account",
    "In an industry where one deal in three is won",
    "Hired a new operations lead in September",
)
AGAINST = (
    "Lost a deal to a competitor 14 months ago",
    "No meeting with a decision maker so far",
    "Revenue is unknown",
    "Its country wins less often than others",
)
STEPS = (
    "Book the executive sponsor call",
    "Send the account plan to the champion",
    "Map the buying committee",
    "Invite to the November briefing",
)

HOSTILE = {
    3: "<script>alert('Böse & Co')</script>",
    7: "International Consolidated Freight Forwarding and Customs Brokerage Holdings",
    9: "=cmd|' /C calc'!A0",
    11: "שלום לוגיסטיקה (בע״מ)",
    12: "\u202eevil\u202c src=//example.test/x.js url(//example.test)",
    14: "W" * 200,
    15: "🚀 Rakete 🏳️‍🌈",
    16: "",
    18: "<img src=x onerror=alert(1)>",
    20: "</script><svg onload=alert(2)>",
    22: "شركة النقل 2000",
}
"""Names that would run, break the page or read the wrong way round if they were not taken for text."""


def make_tiers(n: int = 230) -> pd.DataFrame:
    """The qualified accounts that matter to the page: 40 in Tier 1, 5 per rep, the rest in Tiers 2 and 3."""
    rng = np.random.default_rng(7)
    rank = np.arange(n)
    tier = np.where(rank < 40, 1, np.where(rank < 160, 2, 3))
    acv = 180_000 * np.exp(-rank / 90) * rng.lognormal(0, 0.15, n)
    names = [f"{FIRST[i % 10]} {LAST[(i // 10) % 8]}{'' if i < 80 else f' {i // 80 + 1}'}" for i in range(n)]
    for place, name in HOSTILE.items():
        names[place] = name
    return pd.DataFrame(
        {
            "account_id": [f"A{i:04d}" for i in range(n)],
            "name": names,
            "owner_id": [f"rep{i % 8 + 1}" for i in range(n)],
            "tier": tier,
            "base_tier": tier,
            "tier_by": np.where(rank % 11 == 5, "override", "value"),
            "tier_reason": np.where(rank % 11 == 5, "override: board relation, by Kim", "value rank within capacity"),
            "priority_rank": rank + 1,
            "open_prob": 0.3,
            "win_prob": 0.45 * np.exp(-rank / 200),
            "expected_acv": acv,
            "acv_low": acv * 0.55,
            "acv_high": acv * 1.9,
            "expected_value": acv * 0.3 * 0.45 * np.exp(-rank / 200),
            "membership_prob": np.where((rank > 35) & (rank < 44), 0.55, np.where(rank <= 35, 0.95, 0.05)),
            "off_support": rank == 45,
            "promoted_until": pd.Series(pd.NaT, index=range(n)).where(rank != 12, pd.Timestamp("2026-11-20")),
            "contactable": rank % 13 != 0,
            "next_step": [STEPS[i % 4] for i in range(n)],
        }
    )


def make_reasons(tiers: pd.DataFrame) -> pd.DataFrame:
    """Three reasons for and, for most accounts, one against."""
    rows = []
    for i, account in enumerate(tiers["account_id"]):
        rows += [(account, k + 1, f"f{k}", "behavioural", 0.9 - 0.2 * k, FOR[(i + k) % 5]) for k in range(3)]
        if i % 9:
            rows.append((account, 4, "f9", "relationship", -0.3, AGAINST[i % 4]))
    return pd.DataFrame(rows, columns=["account_id", "rank", "feature", "group", "contribution", "words"])


def make_gates() -> pd.DataFrame:
    """4,000 accounts: 2,910 qualified, 412 suppressed, 386 in need of information, 292 outside the profile."""
    gate = np.repeat(["qualified", "suppressed", "needs_info", "out_of_icp"], [2910, 412, 386, 292])
    missing = np.where(gate == "needs_info", "employees", "").astype(object)
    missing[-292 - 60 : -292] = "employees;industry"
    reason = np.select(
        [gate == "suppressed", gate == "needs_info", gate == "out_of_icp"],
        ["exclusion: partner", "missing employees", "industry outside the ICP"],
        "",
    )
    value = np.where((gate == "needs_info") & (np.arange(4000) % 43 == 0), 0.4, 0.0)
    return pd.DataFrame(
        {
            "account_id": [f"A{i:04d}" for i in range(4000)],
            "gate": gate,
            "gate_reason": reason,
            "contactable": gate == "qualified",
            "missing_fields": missing,
            "value_of_learning": value,
        }
    )


def make_lift() -> pd.DataFrame:
    """A replay in which Tiers 1 and 2 win 12 %, Tier 3 3.6 %; Tier 1 alone has five wins."""
    columns = ["method", "measure", "tier", "n", "n_won", "rate", "low", "high", "primary"]
    rows = [
        ("tierkit", "rate", "1", 40, 5, 0.125, 0.055, 0.261, False),
        ("tierkit", "rate", "2", 190, 22, 0.116, 0.078, 0.169, False),
        ("tierkit", "rate", "3", 2680, 96, 0.036, 0.029, 0.044, False),
        ("tierkit", "rate", "1+2", 230, 27, 0.117, 0.082, 0.165, False),
        ("tierkit", "difference", "1+2 vs 3", 2910, 123, 0.081, 0.045, 0.130, True),
        ("tierkit", "ratio", "1+2 vs 3", 2910, 123, 3.3, 2.6, 4.2, True),
        ("size_only", "rate", "1", 40, 3, 0.086, 0.03, 0.20, False),
        ("size_only", "rate", "2", 190, 16, 0.084, 0.05, 0.13, False),
        ("size_only", "rate", "3", 2680, 100, 0.038, 0.03, 0.046, False),
        ("size_only", "ratio", "1+2 vs 3", 2910, 119, 2.3, 1.6, 3.1, True),
        ("tiers_in_use", "rate", "1", 210, 15, 0.071, 0.04, 0.12, False),
        ("tiers_in_use", "rate", "2", 600, 30, 0.05, 0.035, 0.07, False),
        ("tiers_in_use", "rate", "3", 2100, 84, 0.04, 0.032, 0.05, False),
    ]
    lift = pd.DataFrame(rows, columns=columns)
    return lift.assign(
        kind="backtest",
        unit="account",
        horizon_days=180.0,
        n_open=0,
        n_accounts=lift["n"],
        n_won_accounts=lift["n_won"],
        n_immature=0,
    )


def make_changes(tiers: pd.DataFrame) -> pd.DataFrame:
    """Six enter Tier 1, six leave it, some come and go below."""
    account = tiers.set_index("account_id")["name"]
    moves = [
        *[
            (f"A{i:04d}", 2, 1, "value rank", "took the slot of Cobalt Foods: three people asked for pricing")
            for i in (4, 11, 19, 27, 30)
        ],
        ("A0012", 2, 1, "trigger", "executive hire until 20 Nov 2026"),
        *[(f"A{i:04d}", 1, 2, "value rank", f"lost its slot to {account[f'A{i - 30:04d}']}") for i in (41, 49, 57)],
        *[(f"A{i:04d}", 1, 2, "trigger ended", "its window for funding ended on 12 Oct 2026") for i in (44, 52)],
        ("A0060", 1, None, "left", "excluded: became a partner"),
        *[(f"A{i:04d}", 3, 2, "value rank", "inbound visits doubled") for i in range(100, 109)],
        *[(f"A{i:04d}", 2, 3, "capacity", "two slots fewer in its book") for i in range(170, 177)],
        *[(f"A{i:04d}", None, 3, "entered", "headcount is now known") for i in range(200, 212)],
    ]
    frame = pd.DataFrame(moves, columns=["account_id", "from_tier", "to_tier", "cause", "sentence"])
    frame[["from_tier", "to_tier"]] = frame[["from_tier", "to_tier"]].astype("Int64")
    return frame.assign(name=frame["account_id"].map(account))


def make_matrix() -> pd.DataFrame:
    """The same moves as a migration matrix."""
    counts = [[34, 5, 0, 1], [6, 174, 7, 0], [0, 9, 2663, 0], [0, 0, 12, 0]]
    return pd.DataFrame(
        counts,
        index=pd.Index(["1", "2", "3", "new"], name="from_tier"),
        columns=pd.Index(["1", "2", "3", "not tiered"], name="to_tier"),
    )


def make_effort() -> pd.DataFrame:
    """Tier 1 gets 1.6 times Tier 2's effort, planned 4."""
    return pd.DataFrame(
        {
            "tier": [1, 2, 3],
            "n_accounts": [40, 190, 2680],
            "intended": [8.0, 2.0, 0.5],
            "delivered": [2.9, 1.8, 0.7],
            "contacts": [3.1, 1.9, 0.6],
            "channels": [2.4, 1.7, 0.8],
            "minutes": [61.0, 22.0, 4.0],
        }
    )


def make_replay(n: int = 60) -> pd.DataFrame:
    """Account rows of a replay: a Tier 3 account in ten won, so did a Tier 1 account in three."""
    i = np.arange(n)
    tier = np.where(i < 12, 1, np.where(i < 24, 2, 3))
    won = np.where(tier == 3, i % 10 == 0, i % 3 == 0).astype(float)
    return pd.DataFrame(
        {
            "unit": "account",
            "kind": "backtest",
            "row_id": [f"A{k:04d}" for k in i],
            "account_id": [f"A{k:04d}" for k in i],
            "as_of": pd.Timestamp("2026-03-31"),
            "tier": tier,
            "won_in_horizon": won,
            "is_open": 0.0,
            "won_acv": np.where(won == 1, 20_000.0 + 1_000 * i, np.nan),
            "win_prob": 0.4 / (1 + i / 10),
            "expected_value": 30_000.0 / (1 + i / 10),
        }
    )


def make_tables(tiers: pd.DataFrame) -> Tables:
    """Signals, touches and reps behind the facts of the cards."""
    ids = tiers["account_id"]
    first = ids[tiers["tier"] == 1]
    kinds = ("funding", "executive_hire", "competitive_displacement")
    signals = pd.DataFrame(
        {
            "account_id": first,
            "occurred_at": [AS_OF - pd.Timedelta(days=7 + 3 * i) for i in range(len(first))],
            "kind": [kinds[i % 3] for i in range(len(first))],
            "source": "newswire",
            "detail": [
                ("raised 40M in a series C", "new VP Operations", "ends its contract with Omnitrack")[i % 3]
                for i in range(len(first))
            ],
        }
    )
    activities = pd.DataFrame(
        {
            "account_id": [*first, *first],
            "occurred_at": [AS_OF - pd.Timedelta(days=2 + i % 21) for i in range(2 * len(first))],
            "kind": ["web_visit"] * len(first) + ["call"] * len(first),
            "direction": ["inbound"] * len(first) + ["outbound"] * len(first),
        }
    )
    reps = pd.DataFrame({"owner_id": [f"rep{i + 1}" for i in range(8)], "name": REPS, "tier1_slots": 5})
    empty = pd.DataFrame()
    frames = {"signals": signals, "activities": activities, "reps": reps}
    return Tables(frames=frames, children=empty, rejected=empty, sources=empty, data_through=AS_OF)


def make_reconciliation(*, ok: bool = True) -> pd.DataFrame:
    """One line of money."""
    line = "Expected $1.9M from deals of the next six months; comparable months brought $2.1M (ratio 0.90)."
    return pd.DataFrame({"sentence": [line], "ok": [ok], "ratio": [0.9 if ok else 1.6]})


def make_comparison() -> pd.DataFrame:
    """Four ways to estimate the chance to win."""
    return pd.DataFrame(
        {
            "method": ["base_rate", "size_only", "logit", "lightgbm"],
            "n": 900,
            "n_won": 190,
            "log_loss": [0.516, 0.509, 0.472, 0.475],
            "auc": [0.5, 0.571, 0.701, 0.698],
            "auc_low": [0.5, 0.53, 0.662, 0.659],
            "auc_high": [0.5, 0.61, 0.74, 0.737],
            "brier": [0.166, 0.164, 0.150, 0.151],
            "label": "out_of_time",
            "chosen": [False, False, True, False],
        }
    )


def make_calibration() -> pd.DataFrame:
    """Ten bins near the diagonal."""
    predicted = np.linspace(0.05, 0.5, 10)
    observed = predicted + np.array([0.01, -0.02, 0.0, 0.02, -0.01, 0.03, -0.02, 0.01, -0.03, 0.04])
    return pd.DataFrame(
        {"predicted": predicted, "observed": observed, "low": observed - 0.06, "high": observed + 0.07, "n": 90}
    )


AUDIT = (
    {"check": "permuted labels", "figure": 0.51, "limit": 0.58, "passed": True},
    {"check": "one-line baseline", "figure": 0.037, "limit": 0.0, "passed": True},
    {"check": "time travel", "figure": 1.0, "limit": 1.0, "passed": True},
)

PROVENANCE: dict[str, Any] = {
    "run_id": "3f9c21ab07de",
    "month": "2026-10",
    "as_of": "2026-10-31",
    "seed": 20261031,
    "parameters": {},
    "inputs": [
        {"table": "deals", "file": "deals.csv", "sha256": "9a" * 32, "n_rows": 3120, "n_rejected": 4},
        {"table": "accounts", "file": "accounts.csv", "sha256": "b1" * 32, "n_rows": 4000, "n_rejected": 0},
    ],
    "code": {"revision": "0123456789abcdef0123", "dirty": False, "sha256": "c4" * 32},
    "versions": {"python": "3.11.2", "tierkit": "0.1.0", "pandas": "3.0.1", "lightgbm": "4.7.0"},
}


def make_capacity() -> pd.DataFrame:
    """Five Tier 1 places and fifteen Tier 2 places a rep, the second rep with two of each to spare."""
    return pd.DataFrame(
        [
            {"owner_id": f"rep{i + 1}", "name": name, "tier": t, "slots": n, "used": n - 2 * (i == 1)}
            for i, name in enumerate(REPS)
            for t, n in ((1, 5), (2, 15))
        ]
    )


def make_prices() -> pd.DataFrame:
    """What one more place is worth with each rep but the last; nothing where a place is free."""
    capacity = make_capacity()
    worth = np.where(capacity["used"] < capacity["slots"], 0.0, 41_000.0 / capacity["tier"] / (1 + capacity.index // 2))
    return capacity.assign(constraint="owner_slots", price=worth).iloc[:-2]


def make_counterfactuals(tiers: pd.DataFrame) -> pd.DataFrame:
    """A visit fewer takes a Tier 1 account out, a visit more brings one of the next eight in."""
    rows = tiers.iloc[:48]
    inside = (rows["tier"] == 1).to_numpy()
    return pd.DataFrame(
        {
            "account_id": rows["account_id"],
            "owner_id": rows["owner_id"],
            "tier": rows["tier"],
            "inside": inside,
            "places": 5,
            "value": rows["expected_value"],
            "cut": 9_000.0,
            "held": np.where(np.arange(48) == 41, "waiting", ""),
            "n_tried": 12,
            "lever": np.where(np.arange(48) == 3, "", "touches"),
            "what": "web visit",
            "now": 2.0,
            "then": np.where(inside, 1.0, 3.0),
            "then_words": "",
            "new_value": np.where(inside, 0.5, 2.0) * rows["expected_value"],
            "change": "{}",
        }
    )


def make_ledger() -> pd.DataFrame:
    """A claim, two promotions, an override, a trial, and three that could not be followed."""
    rows = [
        ("A0041", "strategic", 2, 1, "strategic: reference, spoke at two events", "2027-09-25"),
        ("A0042", "promoted", 2, 1, "executive hire until 2026-11-11", "2026-11-11"),
        ("A0003", "override", 2, 1, "override by Kim: board relation until 2026-12-31", "2026-12-31"),
        ("A0171", "promoted", 3, 2, "funding until 2026-12-20", "2026-12-20"),
        ("A0170", "exploration", 3, 2, "drawn with a chance of 1 in 12", "2026-11-30"),
        ("A0050", "promotion_no_slot", 2, 2, "its rep holds no free slot", "2026-11-02"),
        ("A0051", "strategic_overflow", 3, 3, "every strategic slot is taken", "2027-01-04"),
        ("A9999", "override_gated", pd.NA, pd.NA, "the account is not qualified", "2026-12-01"),
    ]
    frame = pd.DataFrame(rows, columns=["account_id", "what", "from_tier", "to_tier", "why", "until"])
    return frame.astype({"from_tier": "Int64", "to_tier": "Int64", "until": "datetime64[us]"})


def make_sections(*, with_money: bool = True) -> dict[str, page.Fragment]:
    """Every part of the page, by id."""
    tiers = stamp_tiers(make_tiers(), as_of=AS_OF, run_id="3f9c21ab07de")
    reasons, gates, effort, tables = make_reasons(tiers), make_gates(), make_effort(), make_tables(tiers)
    changes, lift, moves = make_changes(tiers), make_lift(), make_counterfactuals(tiers)
    reps = tables.frame("reps").set_index("owner_id")
    decisions = page.find_decisions(tiers, reasons, as_of=AS_OF, due="2026-11-07", owners=reps["name"])
    sentences = page.write_headlines(
        tiers, gates, changes=changes, lift=lift, effort=effort, n_decisions=len(decisions), judged_from="March 2027"
    )
    statuses = [
        page.Status("Data", "watch", "386 of 4,000 accounts need information."),
        page.Status("Model", "good", "Beats size and base rate out of time."),
        page.Status("Capacity", "good", "40 of 40 Tier 1 slots are taken."),
        page.Status("Delivery", "stop", "Tier 1 gets a third of the touches meant for it."),
    ]
    return {
        "headlines": page.show_headlines(sentences),
        "status": page.show_status(statuses),
        "decisions": page.show_decisions(decisions, with_money=with_money),
        "lift": page.show_lift(lift, judged_from="March 2027"),
        "reconciliation": page.show_reconciliation(make_reconciliation(ok=with_money)),
        "moves": page.show_moves(changes, make_matrix()),
        "overlays": page.show_overlays(make_ledger(), as_of=AS_OF, names=tiers.set_index("account_id")["name"]),
        "tier1": page.show_tier1(
            page.build_cards(tiers, reasons, tables, as_of=AS_OF, counterfactuals=moves),
            below=just_below(tiers, tables, moves),
            slots=reps["tier1_slots"].to_dict(),
            with_money=with_money,
        ),
        "size": page.show_size(page.value_by_size(tiers), chosen=40, capacity=40, with_money=with_money),
        "accounts": page.show_accounts(page.list_accounts(tiers, reasons, owners=reps["name"]), with_money=with_money),
        "capacity": page.show_capacity(
            make_capacity(),
            make_prices(),
            says=("The tiers are the best there are under these places, to within 0.01 %.",),
            with_money=with_money,
        ),
        "treatment": page.show_treatment(effort),
        "misses": page.show_misses(
            page.find_misses(make_replay(), names=tiers.set_index("account_id")["name"]), with_money=with_money
        ),
        "repairs": page.show_repairs(gates, n_rejected=4),
        "small-print": page.show_small_print(
            comparison=make_comparison(),
            calibration=make_calibration(),
            audit=AUDIT,
            notes=["deals.csv: 2 footer lines of the export were left out."],
            provenance=PROVENANCE,
        ),
    }


HEADINGS = {
    "headlines": "# Which accounts get our best work in November",
    "decisions": "## Decisions for you\n\nThe model cannot settle these. Each needs a yes or a no.",
    "lift": "## Does it work",
    "moves": "## What moved",
    "overlays": "### What stands above value",
    "tier1": "## Tier 1 by rep\n\nA click on an account opens its card.",
    "size": "### How large should Tier 1 be",
    "capacity": "### Places, and what one more is worth",
    "treatment": "## Do we treat them differently",
    "misses": "## Ten we got wrong",
    "repairs": "## Data to fix",
    "small-print": "## Small print",
}


def make_notebook(sections: dict[str, page.Fragment]) -> Any:
    """An executed notebook that shows the sections, as papermill would leave it."""
    import nbformat.v4 as nb

    cells = []
    for name, fragment in sections.items():
        if name in HEADINGS:
            cells.append(nb.new_markdown_cell(HEADINGS[name], id=f"m-{name}"))
        shown = nb.new_output(
            "execute_result", {"text/html": fragment.html, "text/plain": "Fragment"}, execution_count=1
        )
        cells.append(nb.new_code_cell(f"page.show_{name}()", outputs=[shown], execution_count=1, id=f"c-{name}"))
    return nb.new_notebook(cells=cells)


def write_page(folder: Path, *, with_money: bool = True) -> Path:
    """The whole page, written to folder/index.html."""
    path = folder / "index.html"
    export_page(
        make_notebook(make_sections(with_money=with_money)),
        path,
        title="Tier review, October 2026",
        hide_code=True,
        provenance=PROVENANCE,
        kicker="Example Software, October 2026",
    )
    return path
