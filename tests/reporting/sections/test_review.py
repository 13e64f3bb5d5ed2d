"""The part of the page that shows what managers found."""

import pandas as pd

from tierkit.proof.agreement import REVIEW_COLUMNS, between_managers, found_wrong, model_agreement, say_agreement
from tierkit.reporting.sections.review import SHOWN, show_review


def reviews(n: int) -> pd.DataFrame:
    rows = pd.DataFrame({"review_id": [f"2026-W45-{i:02d}" for i in range(n)]})
    rows["account_id"] = [f"A{i}" for i in range(n)]
    rows["name"] = ["<script>x</script>" if i % 2 else "" for i in range(n)]
    rows = rows.assign(week="2026-W45", tier=[i % 3 + 1 for i in range(n)], stratum="moved", reviewer="ana")
    rows["verdict"] = ["agree" if i % 5 == 0 else "too high" for i in range(n)]
    return rows.assign(reason="<b>no</b> budget", coaching_note="", next_step="call").reindex(
        columns=list(REVIEW_COLUMNS)
    )


def shown(rows: pd.DataFrame) -> str:
    model = model_agreement(rows)
    says = say_agreement(model, between_managers(rows))
    return show_review(model, found_wrong(rows), says=says, judgement=("People were right.",)).html


def test_nobody_judged_is_said_and_nothing_else() -> None:
    html = shown(reviews(0))
    assert "Not available, because nobody has recorded a review." in html
    assert show_review(None).html == html
    broken = show_review(model_agreement(reviews(0)), says=("Answers are missing here: line 1.",)).html
    assert "Answers are missing here" in broken
    assert "unavailable" not in broken


def test_what_was_found_wrong_is_listed_escaped_and_the_rest_folded() -> None:
    html = shown(reviews(30))
    assert "managers agreed with the tier in 6 of 30 answers on 30 accounts, 20" in html
    assert "People were right." in html
    assert "<b>no" not in html
    assert "<script>" not in html
    assert html.count("&lt;b&gt;no&lt;/b&gt; budget") == 24
    assert f"{24 - SHOWN} earlier answers" in html
    assert 'data-label="Account">A2<' in html  # nameless: its id
    assert "Nothing was found wrong." in shown(reviews(1))
