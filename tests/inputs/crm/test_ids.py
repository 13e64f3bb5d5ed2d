"""Record ids: known pairs, and what holds for all of them."""

import string

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierkit.inputs.crm.ids import checksums, widen_ids

IDS = st.text(string.ascii_letters + string.digits, min_size=12, max_size=12).map(lambda tail: f"001{tail}x")
IDS = IDS.map(lambda text: text[:15])


@pytest.mark.parametrize(
    ("short", "full"),
    [
        # 0,0,1,D,0 has its fourth capital: 2 ** 3 = 8, I; 0,0,0,0,0: A; I,R,F,m,a has three: 1 + 2 + 4 = 7, H
        ("001D000000IRFma", "001D000000IRFmaIAH"),
        # G is the first of the second... 00150: 0, A; 00000: 0, A; Gv7qJ: 1 + 16 = 17, R
        ("0015000000Gv7qJ", "0015000000Gv7qJAAR"),
    ],
)
def test_known_pairs(short, full):
    assert widen_ids(pd.Series([short, full, None]))[0].tolist()[:2] == [full, full]


def test_what_is_no_record_id_stays_as_it_is():
    # a number of another system, a name of 15 letters, an id with a hyphen, our own key
    ids = pd.Series(["123456789012345", "anthonymccarthy", "CUST-0000012345", "000086"])
    widened, wrong = widen_ids(ids)
    assert widened.tolist() == ids.tolist()
    assert wrong.empty


def test_an_id_whose_capitals_were_changed_is_named():
    lowered = "001D000000IRFmaIAH".lower()
    widened, wrong = widen_ids(pd.Series(["001D000000IRFmaIAH", lowered], index=[2, 3]))
    assert wrong.tolist() == [3]
    assert widened.tolist() == ["001D000000IRFmaIAH", lowered]


@given(st.lists(IDS, min_size=1, max_size=20))
def test_widening_keeps_ids_apart_and_is_done_once(short):
    ids = pd.Series(short, dtype="str")
    widened, wrong = widen_ids(ids)
    assert wrong.empty
    assert widened.nunique() == ids.nunique()
    assert (widened.str.slice(0, 15) == ids).all()
    again, wrong = widen_ids(widened)
    assert wrong.empty
    assert again.tolist() == widened.tolist()
    # ids that differ in their capitals alone differ in their checksum, so that 18 may be compared in any case
    assert widened.str.lower().nunique() == ids.nunique()


@given(IDS, st.integers(0, 14))
def test_the_checksum_tells_which_letters_are_capitals(short, place):
    flipped = short[:place] + short[place].swapcase() + short[place + 1 :]
    one, other = checksums(pd.Series([short, flipped], dtype="str"))
    assert (one == other) == (short == flipped)
