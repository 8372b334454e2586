"""Observations come one after the other; windows and events are those reckoned by hand."""

import math

import numpy as np
import pytest

from seqapps.cli.watching import line_of
from seqapps.series.lines import BadRowError, Observation
from seqapps.series.live import Begins, Drifts, Ends, Live

SENSORS = ("pressure", "flow", "current", "noise", "heat")
LOOKBACK = 7
SILENT = dict.fromkeys(SENSORS, 0.0)


def live(**options):
    return Live(SENSORS, **{"lookback": LOOKBACK, **options})


def seen(number, *, time=None):
    """The observation whose sensors tell its number."""
    values = [number + 0.1 * place for place in range(len(SENSORS))]
    return Observation(values, time, "" if time is None else f"at {time}")


def answer(score=1.0, *, alarm=0, contributions=(1, 1, 1, 1, 1), **more):
    return {"score": score, "threshold": 2.0, "alarm": alarm,
            "contributions": np.array(contributions, "float32"), **more}  # fmt: skip


def judged(monitor, answers):
    """The news of answers to the windows that are due, of observations that go on."""
    found = []
    for given in answers:
        due = None
        while due is None:
            due = monitor.push(seen(monitor.steps))
        found += monitor.judge(due, given)
    return found


def numbers(due):
    return due.values[:, 0].tolist()


def test_the_first_window_is_due_when_it_is_whole():
    monitor = live()
    due = [monitor.push(seen(number)) for number in range(9)]
    assert due[:6] == [None] * 6
    assert (due[6].step, numbers(due[6])) == (7, [0, 1, 2, 3, 4, 5, 6])
    assert numbers(due[8]) == [2, 3, 4, 5, 6, 7, 8]
    np.testing.assert_allclose(due[8].values[-1], [8, 8.1, 8.2, 8.3, 8.4], rtol=1e-6)


def test_a_window_is_the_last_steps_however_many_went_before():
    monitor = live()
    for number in range(3001):
        due = monitor.push(seen(number))
        assert due is None or numbers(due) == [*range(number - 6, number + 1)]


def test_a_window_that_is_due_stays_as_it_was():
    monitor = live()
    due = [monitor.push(seen(number)) for number in range(2000)]
    assert [numbers(one)[-1] for one in due[6:]] == [*range(6, 2000)]


def test_every_third_step_is_scored():
    monitor = live(every=3)
    due = [monitor.push(seen(number)) for number in range(17)]
    assert [one.step for one in due if one] == [9, 12, 15]


def test_an_alarm_begins_once_and_ends_once():
    news = judged(
        live(),
        [
            answer(1.0),
            answer(3.0, alarm=1, contributions=(1, 0, 6, 2, 1)),
            answer(5.0, alarm=1, contributions=(0, 0, 1, 3, 0)),
            answer(1.5, alarm=1),
            answer(0.5),
            answer(0.5),
        ],
    )
    assert news == [
        Begins(
            None,
            8,
            3.0,
            2.0,
            1.5,
            {**SILENT, "current": 0.6, "noise": 0.2, "pressure": 0.1, "heat": 0.1},
        ),
        Ends(None, 11, None, 3, 2.5, {**SILENT, "noise": 0.75, "current": 0.25}),
    ]
    assert [*news[0].sensors] == ["current", "noise", "pressure", "heat", "flow"]
    told = line_of(news[0])
    assert told.endswith("current 60 %, noise 20 %, pressure 10 %")  # a person reads three


def test_an_alarm_that_is_given_late_is_as_severe_as_the_scores_that_made_it():
    scores = np.array([9.0, 1.0, 3.0, 5.0, 4.0, 1.8, 1.7])
    (news,) = judged(live(), [answer(1.7, alarm=1, step_scores=scores)])
    assert (news.score, news.severity) == (1.7, 2.5)


@pytest.mark.parametrize("scores", [[1.0, 1.9], [math.nan, math.nan]])
def test_an_alarm_without_a_score_above_the_threshold_is_as_severe_as_its_score(scores):
    (news,) = judged(live(), [answer(1.5, alarm=1, step_scores=np.array(scores))])
    assert news.severity == 0.75


def test_shares_of_nothing_are_nothing():
    (news,) = judged(live(), [answer(3.0, alarm=1, contributions=(math.nan, 0, 0, -1, 0))])
    assert [*news.sensors.values()] == [0] * 5


def test_a_time_that_goes_back_is_refused_and_the_others_go_on():
    monitor = live()
    for number in range(6):
        monitor.push(seen(number, time=100 + number))
    with pytest.raises(BadRowError, match="at 13 lies before"):
        monitor.push(seen(99, time=13))
    assert numbers(monitor.push(seen(6, time=106))) == [0, 1, 2, 3, 4, 5, 6]


def test_of_a_time_that_is_repeated_the_last_observation_counts():
    monitor = live()
    for number in range(6):
        monitor.push(seen(number, time=number))
    assert monitor.push(seen(50, time=5)) is None
    assert numbers(monitor.push(seen(6, time=6))) == [0, 1, 2, 3, 4, 50, 6]
    assert (monitor.steps, monitor.repeated) == (7, 1)


def test_a_clock_that_was_set_back_begins_a_new_window():
    monitor = live()
    for number in range(11):
        monitor.push(seen(number, time=1000 + number))
    refused, due = 0, []
    for number in range(20):
        try:
            due.append(monitor.push(seen(100 + number, time=number)))
        except BadRowError:
            refused += 1
    assert (refused, monitor.restarts) == (9, 1)
    whole = [one for one in due if one]
    assert numbers(whole[0]) == [109, 110, 111, 112, 113, 114, 115]


@pytest.mark.parametrize(
    ("frequency", "times", "gaps"),
    [
        ("rows", [0, 10, 50], []),
        ("10s", [0, 11, 50], [2, 3, 4]),
        ("1h", [0, 3600, 5 * 3600 + 60], [2, 3, 4]),
        ("1mo", [0, 31 * 86400, 120 * 86400], [2, 3]),  # January, February, May 1970
    ],
)
def test_steps_that_were_not_observed_are_gaps_of_the_window(frequency, times, gaps):
    monitor = live(frequency=frequency, lookback=len(times) + len(gaps))
    due = [monitor.push(seen(number, time=time)) for number, time in enumerate(times)]
    window = due[-1].values[:, 0]
    assert np.flatnonzero(np.isnan(window)).tolist() == gaps
    assert window[np.isfinite(window)].tolist() == [0, 1, 2]
    assert (monitor.steps, monitor.gaps) == (3, len(gaps))


def test_a_long_silence_is_one_window_of_gaps():
    monitor = live(frequency="1s")
    monitor.push(seen(0, time=0))
    due = monitor.push(seen(1, time=10**9))
    assert monitor.gaps == LOOKBACK
    assert np.isnan(due.values[:-1]).all() and numbers(due)[-1] == 1


def drifts(distances):
    """(window, distance) of what is told of `flow`."""
    answers = [answer(drift=np.array([0, distance, -3.9, math.nan, 1])) for distance in distances]
    news = judged(live(), answers)
    assert all(isinstance(one, Drifts) and [*one.sensors] == ["flow"] for one in news)
    return [(one.step - LOOKBACK, one.sensors["flow"]) for one in news]


def test_drift_from_the_beginning_is_told_at_once_and_then_less_and_less_often():
    assert [place for place, _ in drifts([1012.0] * 101)] == [0, 14, 42, 98]


def test_drift_that_comes_later_is_told_when_it_fills_a_window():
    assert drifts([0, 0, 5, 6, 7, 8, 9, 10, 11, -12, 0]) == [(9, -12.0)]


def test_a_jolt_is_no_drift():
    assert drifts([0, 50, 50, 50, 50, 50, 50, 0, 50, 50, 0]) == []
