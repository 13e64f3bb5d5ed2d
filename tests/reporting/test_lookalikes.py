from tests.inputs.identity.test_merges import company
from tierkit.inputs.opening import open_tables
from tierkit.reporting.lookalikes import duplicate_form
from tierkit.reporting.spreadsheet import write_for_people


def test_the_form_of_a_month_is_read_as_decisions(tmp_path):
    frames = company()
    form_file = tmp_path / "identity.csv"
    frames["deals"] = frames["deals"].query("account_id != 'old'")
    frames["activities"] = frames["activities"].query("account_id != 'old'")
    for name, frame in frames.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    form = duplicate_form(open_tables(tmp_path))
    assert form[["account_id", "same_as"]].to_numpy().tolist() == [["b", "a"], ["c", "a"]]
    assert form.loc[form["account_id"] == "b", ["name", "same_as_name", "same_as_domain"]].to_numpy().tolist() == [
        ["Acme Inc", "Acme", "acme.com"]
    ]
    write_for_people(form, form_file)
    undecided = open_tables(tmp_path)
    assert len(undecided.frame("accounts")) == 4
    assert any("2 rows say neither same nor different" in note for note in undecided.notes)
    for decision, n_accounts in (("same", 2), ("different", 4)):
        write_for_people(form.assign(decision=decision, author="Kim"), form_file)
        decided = open_tables(tmp_path)
        assert len(decided.frame("accounts")) == n_accounts
        assert not {("b", "a"), ("c", "a")} & set(
            zip(decided.duplicates["account_id"], decided.duplicates["duplicate_of"], strict=True)
        )
