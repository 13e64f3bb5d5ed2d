"""The replay in a process of its own: what goes wrong there is told here, and keeps its kind."""

import pytest

from tierkit.errors import MachineError, SheetError, TierkitError
from tierkit.reporting.ahead import work_ahead
from tierkit.reporting.children import Children


def test_an_error_of_the_other_process_keeps_its_kind_and_words(tmp_path) -> None:
    asked = {"month": "2026-10", "sheet": str(tmp_path / "none.toml"), "draft": str(tmp_path / "draft")}
    with pytest.raises(SheetError, match=r"none\.toml: no such run sheet"):
        work_ahead("replay", asked)


def test_an_error_that_is_not_tierkits_names_the_month(tmp_path) -> None:
    (tmp_path / "tierkit.toml").write_text("")
    (tmp_path / "draft").write_text("a file, where a folder should be")
    with pytest.raises(TierkitError, match="the replay of 2026-10 failed: NotADirectoryError"):
        work_ahead(
            "replay", {"month": "2026-10", "sheet": str(tmp_path / "tierkit.toml"), "draft": str(tmp_path / "draft")}
        )


def test_a_replay_that_was_killed_says_so(tmp_path) -> None:
    children = Children()
    children.end()  # so that it is killed as soon as it starts
    asked = {"month": "2026-10", "sheet": str(tmp_path / "none.toml"), "draft": str(tmp_path / "draft")}
    with pytest.raises(MachineError, match="the replay of 2026-10: it was ended from outside, as for want of memory"):
        work_ahead("replay", asked, children=children)
