"""What is shown of a round, against figures counted by hand and a clock that stands still."""

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from seqapps.progress import Progress
from seqapps.task import Buckets, Fixed
from seqapps.training.checkpoint import Position
from seqapps.training.live import Live, _shown
from seqapps.training.rounds import Rounds

WORDS = [2, 3, 5, 7, 11, 13, 17]
BATCHES = [np.array([0, 2]), np.array([3, 4, 6])]  # lengths 2 and 5; 7, 11 and 17, cut to 13


class Listens(Progress):
    """Remembers the titles, and the figures of every step."""

    def __init__(self) -> None:
        self.titles, self.figures = [], []

    @contextmanager
    def track(self, title, total=None):
        self.titles.append((title, total))
        yield lambda steps=1, **figures: self.figures.append(figures)


class Clock:
    """Tells the time that it is set to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def rounds_of(batching, *, epochs: int = 3) -> Rounds:
    settings = SimpleNamespace(max_tokens=13, batch_tokens=26, batch_size=4, epochs=epochs)
    task = SimpleNamespace(batching=batching)
    return Rounds(task, [{"words": count} for count in WORDS], settings, seed=0)


@pytest.fixture
def rounds():
    return rounds_of(Buckets(lambda case, settings: case["words"]))


@pytest.fixture
def progress():
    return Listens()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def live(progress, rounds, clock):
    return Live(progress, rounds, monitor="log_loss", rate=lambda: np.float32(0.002), clock=clock)


SECOND = Position(
    rounds_done=1, best_round=1, best_value=0.625, history=[{"round": 1, "valid_log_loss": 0.625}]
)


def test_tokens_and_padding_are_counted_by_the_lengths_that_buckets_use(rounds):
    read, computed = rounds.filled(BATCHES)
    assert read.tolist() == [2 + 5, 7 + 11 + 13]
    assert computed.tolist() == [2 * 5, 3 * 13]


def test_a_rounds_columns_of_the_history(live):
    with live.round(BATCHES, Position()):
        pass
    assert live.entry() == {"tokens": 38, "padding": 0.2245, "learning_rate": 0.002}  # 11 of 49


def test_batches_without_lengths_have_neither_tokens_nor_padding(progress, clock):
    rounds = rounds_of(Fixed())
    live = Live(progress, rounds, monitor="log_loss", rate=lambda: 0.5, clock=clock)
    with live.round([np.array([0, 1, 2, 3])], Position()) as advance:
        advance(1, loss=0.25)
    assert (live.entry(), live.pace()) == ({"learning_rate": 0.5}, "")
    assert progress.figures == [{"loss": 0.25, "learning rate": "0.5", "left": "at most 0 s"}]


def test_the_norm_of_the_gradients_is_shown_where_it_is_known(progress, rounds, clock):
    live = Live(
        progress, rounds, monitor="log_loss", rate=lambda: 0.5, norm=lambda: 0.12345, clock=clock
    )
    with live.round(BATCHES, Position()) as advance:
        advance(1, loss=0.25)
    assert progress.figures[0]["gradient norm"] == "0.123"


def test_the_pace_of_a_round_is_that_of_its_steps(live, clock):
    with live.round(BATCHES, Position()):
        clock.now += 4.0
    clock.now += 100.0  # validation
    assert live.pace() == ", 10 tokens/s, padding 22%"


def test_a_step_shows_loss_best_rate_speed_padding_and_time_left(live, progress, clock, rounds):
    assert rounds.total == 3
    assert rounds.steps_per_epoch == 7  # a case is a batch, so that three rounds are 21 steps
    with live.round(BATCHES, SECOND) as advance:
        clock.now += 2.0
        advance(1, loss=0.5)
    assert progress.titles == [("round 2 of at most 3", 2)]
    assert progress.figures == [
        {
            "loss": 0.5,
            "log_loss": 0.625,
            "best": "0.6250 (round 1)",
            "learning rate": "0.002",
            "tokens/s": "4",  # 7 tokens in 2 seconds
            "padding": "30%",
            "left": "at most 26 s",  # 13 steps at 2 seconds
        }
    ]


def test_before_the_first_round_is_done_there_is_no_best(live, progress):
    with live.round(BATCHES, Position()) as advance:
        advance(1, loss=0.5)
    assert "best" not in progress.figures[0]
    assert "log_loss" not in progress.figures[0]


def test_time_left_counts_validation(live, progress, clock):
    """Two steps took 2 seconds and validating 8: so will the others."""
    with live.round(BATCHES, Position()) as advance:
        clock.now += 1.0
        advance(1, loss=0.5)
        clock.now += 1.0
        advance(1, loss=0.5)
    clock.now += 7.0
    with live.round(BATCHES, SECOND) as advance:
        clock.now += 1.0
        advance(1, loss=0.5)
    assert progress.figures[-1]["left"] == "at most 43 s"  # 13 steps of 10/3 seconds


def test_slow_figures_are_looked_up_now_and_then_and_losses_at_every_step(live, progress, clock):
    with live.round(BATCHES, SECOND) as advance:
        clock.now += 1.0
        advance(1, loss=0.5)
        clock.now += 0.1
        advance(1, loss=0.25)
    first, second = progress.figures
    assert (first["loss"], second["loss"]) == (0.5, 0.25)
    assert first["tokens/s"] == second["tokens/s"] == "7"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "0 s"), (59.2, "59 s"), (60, "1:00 min"), (95, "1:35 min"), (8000, "2:13 h")],
)
def test_a_time_is_told_in_the_largest_unit_of_which_there_is_one(seconds, told):
    assert _shown(seconds) == told
