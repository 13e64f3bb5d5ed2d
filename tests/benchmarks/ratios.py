"""A row of the page of ratios, and how two ways to one answer are timed beside each other."""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True)
class Seconds:
    """Seconds of CPU of one way over its turns."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, taken: Sequence[float], *, times: float = 1.0) -> Self:
        """Of the seconds of each turn, `times` as much where a turn was only a part of the whole."""
        return cls(times * statistics.median(taken), times * min(taken), times * max(taken))


@dataclass(frozen=True)
class Ratio:
    """The same answer in our way and in a peer's.

    Parameters
    ----------
    what, size : of the work, in words ("SHAP of every account", "100,000 rows, 300 trees of 31 leaves").
    peer, library : the peer's call ("Booster.predict(pred_contrib=True)"), and the package whose version is printed.
    agrees, compared : whether the answers agree, and how that was judged ("tier by tier", "at most 1e-5 apart").
    at_least : how many times faster we mean to be, if we claim anything.
    scaled : said where the peer's seconds are those of a part ("from 2,000 rows").
    """

    what: str
    size: str
    peer: str
    library: str
    ours: Seconds
    theirs: Seconds
    agrees: bool
    compared: str
    at_least: float | None = None
    scaled: str = ""

    @property
    def times(self) -> float:
        """How many times the peer's seconds ours are; below 1 the peer is faster."""
        return self.theirs.median / self.ours.median

    @property
    def reached(self) -> bool:
        """Whether the ratio is what we claim."""
        return self.at_least is None or self.times >= self.at_least


@dataclass(frozen=True)
class Figure:
    """A figure without a peer, held against a limit of ours.

    Parameters
    ----------
    unit : "s", "s of CPU", "GiB".
    agrees, compared : whether what came out is right, and how that was judged; where there is nothing to judge, as is.
    """

    what: str
    size: str
    figure: float
    unit: str
    at_most: float | None = None
    agrees: bool = True
    compared: str = ""

    @property
    def reached(self) -> bool:
        """Whether the figure is within its limit."""
        return self.at_most is None or self.figure <= self.at_most


Row = Ratio | Figure


@dataclass(frozen=True)
class Turns(Generic[A, B]):
    """What two ways took, and the last answer of each."""

    ours: Seconds
    theirs: Seconds
    our_answer: A
    their_answer: B


def take_turns(
    ours: Callable[[], A],
    theirs: Callable[[], B],
    *,
    turns: int = 5,
    warm: bool = True,
    part: float = 1.0,
    clock: Callable[[], float] = time.process_time,
) -> Turns[A, B]:
    """Time two ways in turn in this process: ours, peer, peer, ours, and so on, each after a collection of garbage.

    Parameters
    ----------
    warm : whether each is called once before, so that nothing is compiled or imported on the clock.
    part : share of the work that `theirs` does where the whole would take too long; its seconds are divided by it.
    clock : seconds of CPU of this process with all its threads; another where work runs in children.
    """
    if warm:
        ours(), theirs()
    mine, others = [], []
    for turn in range(turns):
        # In pairs with the order turned round, so that what grows through the run falls on both alike
        for mine_now in (True, False) if turn % 2 == 0 else (False, True):
            gc.collect()
            began = clock()
            if mine_now:
                our_answer = ours()
            else:
                their_answer = theirs()
            (mine if mine_now else others).append(clock() - began)
    return Turns(Seconds.of(mine), Seconds.of(others, times=1 / part), our_answer, their_answer)
