"""Alarms of NumPy and the graph agree with a loop over steps; events tell what alarms were."""

import numpy as np
import pytest
import tensorflow as tf

from seqapps.errors import UserError
from seqapps.series.alarms import Rule, alarms, alarms_in_graph, events

STEPS = 61


def one_by_one(scores, rule):
    """The definition, a step at a time."""
    on, held, found = False, 0, []
    for score in scores:
        if score > rule.threshold:
            on = True
        elif score < rule.lower:
            on = False
        held = held + 1 if on else 0
        found.append(int(held >= rule.duration))
    return found


def wild(*, seed: int, rows: int = 23):
    random = np.random.default_rng(seed)
    scores = np.abs(np.cumsum(random.normal(0, 1, [rows, STEPS]), axis=1)).astype("float32")
    scores = np.round(2 * scores) / 2  # some are just a threshold
    scores[random.random(scores.shape) < 0.05] = np.nan
    return scores


RULES = [Rule(3.0, 3.0), Rule(3.0, 2.0), Rule(3.0, 2.0, 5), Rule(3.0, 0.0, 3), Rule(0.5, 0.5, 7)]


@pytest.mark.parametrize("rule", RULES)
def test_alarms_are_those_of_a_loop_over_steps(rule):
    scores = wild(seed=3)
    assert alarms(scores, rule).tolist() == [one_by_one(row, rule) for row in scores]


@pytest.mark.parametrize("rule", RULES)
def test_the_graph_gives_the_alarms_of_numpy(rule):
    scores = wild(seed=5)
    graph = tf.function(
        lambda x: alarms_in_graph(x, rule.threshold, rule.lower, duration=rule.duration),
        input_signature=[tf.TensorSpec([None, STEPS])],
    )
    assert graph(scores).numpy().tolist() == alarms(scores, rule).tolist()


def test_thresholds_of_the_graph_may_be_variables_that_change():
    scores, threshold, lower = wild(seed=7), tf.Variable(3.0), tf.Variable(2.0)
    graph = tf.function(lambda x: alarms_in_graph(x, threshold, lower))
    graph(tf.constant(scores))
    threshold.assign(5.0)
    assert graph(tf.constant(scores)).numpy().tolist() == alarms(scores, Rule(5.0, 2.0)).tolist()


def test_the_graph_needs_neither_loops_nor_functions():
    graph = tf.function(lambda x: alarms_in_graph(x, 3.0, 2.0, duration=3))
    concrete = graph.get_concrete_function(tf.TensorSpec([None, STEPS]))
    kinds = {operation.type for operation in concrete.graph.get_operations()}
    assert not {kind for kind in kinds if "While" in kind or "Call" in kind or "Map" in kind}


def test_a_step_far_ahead_changes_no_alarm_before_it():
    scores = wild(seed=11, rows=1)[0]
    changed = scores.copy()
    changed[37] = 1e9
    for rule in RULES:
        assert alarms(scores, rule)[:37].tolist() == alarms(changed, rule)[:37].tolist()


def test_a_score_between_the_thresholds_leaves_the_alarm_as_it_is():
    scores = np.array([2.5, 3.5, 2.5, 2.5, 1.5, 2.5])
    assert alarms(scores, Rule(3.0, 2.0)).tolist() == [0, 1, 1, 1, 0, 0]


def test_a_missing_score_leaves_the_alarm_as_it_is():
    scores = np.array([np.nan, 3.5, np.nan, 1.5, np.nan])
    assert alarms(scores, Rule(3.0, 2.0)).tolist() == [0, 1, 1, 0, 0]


def test_what_is_shorter_than_the_least_duration_is_no_alarm():
    scores = np.array([9, 9, 0, 9, 9, 9, 9, 0.0])
    assert alarms(scores, Rule(1.0, 1.0, 3)).tolist() == [0, 0, 0, 0, 0, 1, 1, 0]


def test_an_event_tells_beginning_end_severity_and_shares():
    scores = np.array([0, 0, 4, 8, 6, 0, 0.0])
    contributions = np.zeros([7, 3])
    contributions[2:5] = [[4, 0, 0], [4, 4, 0], [2, 0, 4]]
    contributions[0] = 99  # before it: not its own
    (event,) = events(scores, Rule(2.0, 1.0, 2), contributions=contributions)
    assert (event.since, event.start, event.end, event.over) == (2, 3, 5, True)
    assert event.severity == 4
    assert event.shares.tolist() == pytest.approx([10 / 18, 4 / 18, 4 / 18])


def test_an_event_at_the_end_of_the_series_is_not_over():
    (event,) = events(np.array([0, 0, 3.0]), Rule(2.0, 1.0))
    assert (event.start, event.end, event.over) == (2, 3, False)


def test_events_are_as_many_as_stretches_of_alarms():
    for rule in RULES:
        scores = wild(seed=13, rows=1)[0]
        given = np.array(one_by_one(scores, rule))
        found = events(scores, rule)
        assert sum(event.end - event.start for event in found) == given.sum()
        assert len(found) == (np.diff(given, prepend=0) == 1).sum()


def test_events_of_given_alarms_are_those_of_the_model():
    scores = np.array([5, 5, 5, 5, 5.0])
    found = events(scores, Rule(2.0, 1.0), given=np.array([0, 1, 0, 1, 1]))
    assert [(event.start, event.end) for event in found] == [(1, 2), (3, 5)]


def test_no_event_begins_before_the_end_of_the_one_before_it():
    found = events(np.full(7, 5.0), Rule(2.0, 1.0, 3), given=np.array([0, 0, 1, 1, 0, 1, 1]))
    assert [(event.since, event.start) for event in found] == [(0, 2), (4, 5)]


def test_an_event_without_contributions_has_shares_of_nothing():
    (event,) = events(np.array([3.0]), Rule(2.0, 1.0), contributions=np.zeros([1, 5]))
    assert event.shares.tolist() == [0] * 5


@pytest.mark.parametrize("wrong", [{"lower": 3.0}, {"lower": 1.0, "duration": 0}])
def test_a_rule_that_contradicts_itself_is_refused(wrong):
    with pytest.raises(UserError):
        Rule(2.0, **wrong)
