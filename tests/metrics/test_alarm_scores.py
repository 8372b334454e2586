"""Scores of alarms: by step as scikit-learn counts, by event as counted by hand; no adjustment."""

import math

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, f1_score

from seqapps.metrics import alarms as module
from seqapps.metrics.alarms import (
    detection_delay,
    events_found,
    false_alarm_rate,
    false_alarms,
    lead_time,
    missed_alarm_rate,
    step_f1,
)
from seqapps.metrics.judge import judge, values_of

ALL = {
    "step_f1": step_f1(), "false_alarm_rate": false_alarm_rate(),
    "missed_alarm_rate": missed_alarm_rate(), "events_found": events_found(),
    "detection_delay": detection_delay(), "false_alarms": false_alarms(), "lead_time": lead_time(),
}  # fmt: skip


def run_of(anomaly, alarm, *, name="a", failure=None):
    """Cases and responses of one step each, written as "0011"."""
    cases = [
        {"series": name, "step": step, "anomaly": int(mark),
         "to_failure": math.nan if failure is None or step > failure else float(failure - step)}
        for step, mark in enumerate(anomaly)
    ]  # fmt: skip
    return cases, [{"alarm": int(mark)} for mark in alarm]


def value(metric, cases, responses):
    return values_of({"it": metric}, cases, responses)["it"]


def drawn(*, seed, steps=331):
    """Long stretches, so that events have a length."""
    random = np.random.default_rng(seed)
    return ["".join(str(i) for i in np.repeat(random.integers(2, size=steps), 7)) for _ in range(2)]


@pytest.mark.parametrize("name", ALL)
def test_the_example_was_worked_out_right(name):
    example = ALL[name].example
    assert value(ALL[name], example.cases, example.responses) == pytest.approx(example.value)


def test_scores_by_step_are_those_of_scikit_learn():
    anomaly, alarm = drawn(seed=3)
    cases, responses = run_of(anomaly, alarm)
    true, told = [list(map(int, text)) for text in (anomaly, alarm)]
    tn, fp, fn, tp = confusion_matrix(true, told).ravel()
    assert value(step_f1(), cases, responses) == pytest.approx(f1_score(true, told))
    assert value(false_alarm_rate(), cases, responses) == pytest.approx(fp / (fp + tn))
    assert value(missed_alarm_rate(), cases, responses) == pytest.approx(fn / (fn + tp))


def test_one_hit_in_a_long_anomaly_does_not_pay_for_all_of_it():
    """Point adjustment would say 1."""
    cases, responses = run_of("0" * 11 + "1" * 89, "0" * 50 + "1" + "0" * 49)
    assert value(step_f1(), cases, responses) == pytest.approx(2 / (2 + 88))


def test_events_are_found_by_any_alarm_in_them():
    cases, responses = run_of("0110011011", "0010000001")
    assert value(events_found(), cases, responses) == pytest.approx(2 / 3)


def test_the_delay_of_a_missed_event_is_its_length():
    cases, responses = run_of("0111000011110", "0001000000000")
    assert value(detection_delay(), cases, responses) == pytest.approx((2 + 4) / 2)


def test_an_alarm_that_stands_is_one_false_alarm_however_long():
    cases, responses = run_of("0000000011000", "0111011011110")
    # begins at 1, at 5 and, inside the anomaly, at 8; what lasts beyond it is not a new one
    assert value(false_alarms(per=1), cases, responses) == pytest.approx(2 / 11)


def test_an_alarm_after_the_event_that_begins_anew_is_false():
    cases, responses = run_of("0011000", "0011010")
    assert value(false_alarms(per=1), cases, responses) == pytest.approx(1 / 5)


def test_an_alarm_that_stands_as_a_run_begins_is_another_one_than_that_of_the_run_before():
    first, second = run_of("00", "01"), run_of("00", "10", name="b")
    cases, responses = first[0] + second[0], first[1] + second[1]
    assert value(false_alarms(per=1), cases, responses) == pytest.approx(2 / 4)


def test_the_lead_is_from_the_first_alarm_of_the_event_to_the_failure():
    cases, responses = run_of("00111111", "10001011", failure=7)
    assert value(lead_time(step=0.5, unit="hours"), cases, responses) == pytest.approx(0.5 * 3)


def test_a_failure_without_an_alarm_has_no_lead():
    first, second = run_of("0111", "0011", failure=3), run_of("0111", "1000", name="b", failure=3)
    cases, responses = first[0] + second[0], first[1] + second[1]
    assert value(lead_time(), cases, responses) == pytest.approx((1 + 0) / 2)


def test_events_without_a_failure_have_no_part_in_the_lead():
    first, second = run_of("0111", "0111", failure=3), run_of("0111", "0111", name="b")
    cases, responses = first[0] + second[0], first[1] + second[1]
    assert value(lead_time(), cases, responses) == 2


def test_no_event_goes_on_in_another_run():
    first, second = run_of("0011", "0001"), run_of("1100", "1000", name="b")
    cases, responses = first[0] + second[0], first[1] + second[1]
    assert value(events_found(), cases, responses) == 1
    assert value(detection_delay(), cases, responses) == pytest.approx((1 + 0) / 2)
    table = events_found().statistics(cases, responses)
    assert table[:, 1].tolist() == [0, 0, 1, 0, 1, 0, 0, 0]  # booked where each begins


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("wide", [7, 331])
def test_cases_of_several_steps_score_as_single_steps_do(name, wide):
    anomaly, alarm = drawn(seed=5)
    single = run_of(anomaly, alarm, failure=len(anomaly) - 1)
    cases = [
        {"series": "a", "step": last, "to_failure": float(len(anomaly) - 1 - last),
         "anomaly": np.array([*map(int, anomaly[last + 1 - wide : last + 1])], "float32")}
        for last in range(wide - 1, len(anomaly), wide)
    ]  # fmt: skip
    responses = [
        {"step_alarms": np.array([9] * 3 + [*map(int, alarm[end - wide : end])])}
        for end in range(wide, len(alarm) + 1, wide)
    ]
    assert value(ALL[name], cases, responses) == pytest.approx(value(ALL[name], *single))


@pytest.mark.parametrize("name", ALL)
def test_the_order_of_cases_does_not_matter_where_they_tell_their_step(name):
    anomaly, alarm = drawn(seed=7)
    cases, responses = run_of(anomaly, alarm, failure=len(anomaly) - 1)
    order = np.random.default_rng(3).permutation(len(cases))
    mixed = [cases[i] for i in order], [responses[i] for i in order]
    assert value(ALL[name], *mixed) == pytest.approx(value(ALL[name], cases, responses))


@pytest.mark.parametrize("name", ALL)
def test_cases_without_a_step_follow_each_other(name):
    anomaly, alarm = drawn(seed=11)
    cases, responses = run_of(anomaly, alarm, failure=len(anomaly) - 1)
    bare = [{key: case[key] for key in case if key != "step"} for case in cases]
    assert value(ALL[name], bare, responses) == pytest.approx(value(ALL[name], cases, responses))


def test_cases_of_several_steps_without_a_step_follow_each_other():
    cases = [{"anomaly": [0, 0, 1]}, {"anomaly": [1, 1, 1]}]
    responses = [{"step_alarms": [0, 0, 0]}, {"step_alarms": [0, 1, 1]}]
    assert value(detection_delay(), cases, responses) == 2


def test_steps_that_were_left_out_count_in_the_delay():
    cases, responses = run_of("0111111", "0000011")
    assert value(detection_delay(), cases[::2], responses[::2]) == 4  # steps 2 and 6 of 0, 2, 4, 6


def test_nothing_to_find_and_nothing_told_is_right():
    assert value(step_f1(), *run_of("0000", "0000")) == 1


def test_scores_by_event_of_no_event_are_no_number():
    assert math.isnan(value(events_found(), *run_of("0000", "0100")))


def test_a_case_of_several_steps_needs_an_alarm_for_each():
    with pytest.raises(ValueError, match="step_alarms"):
        value(step_f1(), [{"anomaly": [0, 1]}], [{"alarm": 1}])


def test_resampled_runs_without_an_event_do_not_spoil_the_interval():
    parts = [run_of("0011", "0001", name="a"), run_of("0000", "0000", name="b")]
    cases = [case for part in parts for case in part[0]]
    responses = {"it": [response for part in parts for response in part[1]]}
    groups = [case["series"] for case in cases]
    scores, _ = judge({"found": events_found()}, cases, responses, groups=groups, resamples=101)
    assert scores["it"]["found"] == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_it_says_why_nothing_is_point_adjusted():
    assert "Kim et al." in module.__doc__


@pytest.mark.parametrize(
    "name", ["step_f1", "missed_alarm_rate", "events_found", "detection_delay"]
)
def test_where_nothing_is_wrong_nothing_is_said_of_what_is_missed(name):
    metric = getattr(module, name)()
    assert metric.tells_of({"anomaly": [0.0, 1.0]}) and metric.tells_of({"anomaly": 1})
    assert not metric.tells_of({"anomaly": [0.0, 0.0]})
