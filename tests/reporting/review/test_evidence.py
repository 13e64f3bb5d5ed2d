"""The evidence sheet: every account of the week, nothing that runs, nothing that does not fit."""

import re

import pytest

from tests.reporting import example, rendered
from tierkit.reporting.fragments import anchor
from tierkit.reporting.review.evidence import write_evidence_sheet
from tierkit.reporting.tierfiles import stamp_tiers

HOSTILE = ("<script>alert(1)</script>", '=HYPERLINK("http://x")', "شركة النخبة", "x" * 200, "🚀🚀", "")


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    tiers = stamp_tiers(example.make_tiers(), as_of=example.AS_OF, run_id="r")
    ids = [f"A{i:04d}" for i in range(len(HOSTILE))]
    tiers["name"] = dict(zip(ids, HOSTILE, strict=True)).get("A0000")
    drawn = [
        {
            "week": "2026-W45",
            "month": "2026-10",
            "review_id": f"2026-W45-{i + 1:02d}",
            "account_id": account,
            "name": name,
            "tier": 1,
            "stratum": "moved" if i else "override",
        }
        for i, (account, name) in enumerate(zip([*ids[:-1], "gone"], HOSTILE, strict=True))
    ]
    reasons, changes = example.make_reasons(tiers), example.make_changes(tiers)
    reasons.loc[0, "words"] = "<img src=//x onerror=alert(1)>"
    path = tmp_path_factory.mktemp("evidence") / "evidence.html"
    tables = example.make_tables(tiers)
    write_evidence_sheet(path, drawn, tiers, reasons, tables, as_of=example.AS_OF, changes=changes)
    return path, drawn


def test_every_account_is_on_it_with_its_reasons_and_facts_and_nothing_runs(sheet) -> None:
    path, drawn = sheet
    html = path.read_text(encoding="utf-8")
    parts = re.split(r'<section class="drawn" id="', html)[1:]
    assert [p.split('"')[0] for p in parts] == [anchor(d["review_id"]) for d in drawn]
    for part in parts[:-1]:
        assert part.count("<h3>") == 3
        assert re.search(r"\d+ \w{3} 2026: (funding|executive hire|competitive displacement)", part)
    assert "drawn because a person set its tier" in parts[0]
    assert "Moved: took the slot of Cobalt Foods" in parts[4]
    assert "stands in no tier of this month any more" in parts[-1]
    assert html.count("<script>") == 1  # the page's own
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)" in html


@pytest.mark.page
@pytest.mark.skipif(rendered.CHROMIUM is None, reason="no Chromium")
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_a_desk_and_a_phone(sheet, width) -> None:
    assert rendered.overflows(sheet[0], width) == []


@pytest.mark.page
@pytest.mark.skipif(rendered.CHROMIUM is None, reason="no Chromium")
def test_it_prints(sheet, tmp_path) -> None:
    assert rendered.print_pdf(sheet[0], tmp_path / "evidence.pdf").read_bytes().startswith(b"%PDF")
