import numpy as np

from tierkit.proof.effect import Effect, checks_frame, effect_table, say_effect


def effect(verdict, *figures, checks=()):
    numbers = figures or (np.nan, np.nan, np.nan)
    return Effect("holdout", "account", verdict, *numbers, 400, 390, 200, "It is.", ("If so.",), checks_frame(checks))


def test_the_verdict_comes_first_and_its_conditions_follow():
    assert say_effect(effect("estimated", -0.05, -0.09, -0.01)) == (
        "Tested with a control: -5 points (-9 to -1), fewer wins; 200 accounts of Tier 1 stand behind it.",
        "It is.",
        "If so.",
    )
    assert "which may be nothing at all" in say_effect(effect("estimated", 0.05, -0.01, 0.11))[0]


def test_a_warning_and_a_refusal_say_why():
    bad = ("trend", 0.03, 0.05, False, "They moved apart.")
    fine = ("size", 30, 20, True, "")
    assert say_effect(effect("warned", 0.05, 0.01, 0.09, checks=[fine, bad]))[1:3] == (
        "Read it with care.",
        "They moved apart.",
    )
    refused = effect("refused", checks=[bad])
    assert say_effect(refused) == ("Tested with a control: no figure.", "They moved apart.")
    table = effect_table([refused, effect("estimated", 0.1, 0.0, 0.2)])
    assert table["reason"].tolist() == ["They moved apart.", ""]
    assert table["effect"].isna().tolist() == [True, False]
