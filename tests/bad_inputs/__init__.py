"""Bad inputs, and what tierkit must say of each.

A case is a name, what it changes in the good little company of `company.py`, and its outcome; add one to the module of
its kind:

    Case(
        "an amount is a broken reference",
        cell("deals", 5, acv="#REF!"),
        aside("deals.csv", 7, "acv", "must be a number", "#REF!"),
    ),

The verbs that change files are in `cases.py`, and so are the outcomes of `design.md`: `reads(notes)` for what is read
right and said so, `aside(file, line, column, rule, value)` for a row of `rejected.csv`, `stops(sentence)` for exit 3
and `refused(sentence)` for a run sheet, exit 2. Sentences stand here whole: who changes one reads it as people will.
"""
