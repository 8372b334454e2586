"""The first Ctrl-C lets what is deferred come to its end, the second stops at once."""

import signal
import time

import pytest

from seqapps.cli.interruption import MESSAGE, AfterRound
from seqapps.progress import SILENT, Progress


class Listens(Progress):
    def __init__(self) -> None:
        self.said = []

    def say(self, line: str) -> None:
        self.said.append(line)


def wait_for(condition) -> None:
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.005)


@pytest.fixture
def progress():
    return Listens()


@pytest.fixture
def interruption(progress):
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    yield AfterRound(progress)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def rounds_until(interruption, *, pressed_in: int, done: list[int]) -> None:
    with interruption.deferred():
        for number in (1, 2, 3):
            interruption.check()
            if number == pressed_in:
                press()
            done.append(number)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_press_lets_the_round_end_and_no_other_begin(number, interruption, progress):
    done = []
    with pytest.raises(KeyboardInterrupt):
        rounds_until(interruption, pressed_in=number, done=done)
    assert done == [1, 2, 3][:number]
    wait_for(lambda: progress.said == [MESSAGE])


def test_without_a_press_nothing_is_said_and_all_rounds_are_done(interruption, progress):
    done = []
    rounds_until(interruption, pressed_in=0, done=done)
    assert (done, progress.said) == ([1, 2, 3], [])


def test_a_second_press_stops_at_once(interruption, progress):
    with interruption.deferred():
        press()
        with pytest.raises(KeyboardInterrupt):
            press()
        interruption._asked = False  # the block of this test ends in peace
    wait_for(lambda: progress.said == [MESSAGE])


def test_outside_of_what_is_deferred_the_first_press_stops_at_once(interruption, progress):
    with pytest.raises(KeyboardInterrupt):
        press()
    with interruption.deferred():
        pass
    with pytest.raises(KeyboardInterrupt):
        press()
    assert progress.said == []


def fail_after_a_press(interruption) -> None:
    with interruption.deferred():
        press()
        raise ZeroDivisionError


def test_an_error_in_what_is_deferred_is_the_one_that_is_raised(interruption):
    with pytest.raises(ZeroDivisionError):
        fail_after_a_press(interruption)


def test_quiet_commands_answer_a_press_too(capsys):
    with pytest.raises(KeyboardInterrupt), AfterRound(SILENT).deferred():
        press()
    said = []
    wait_for(lambda: said.append(capsys.readouterr().err) or "".join(said) == f"{MESSAGE}\n")


@pytest.mark.parametrize("way", [signal.SIG_IGN, lambda number, frame: None])
def test_a_process_that_deals_with_ctrl_c_itself_keeps_its_way(way, progress):
    before = signal.signal(signal.SIGINT, way)
    try:
        with AfterRound(progress).deferred():
            assert signal.getsignal(signal.SIGINT) is way
            press()
    finally:
        signal.signal(signal.SIGINT, before)
    assert progress.said == []
