"""The generated nose: responses rise and fall, spoilage shows, and no label is in the values."""

import numpy as np
import pytest
from seqapps.tasks.monitoring.odour import (
    AIR,
    EXPOSED,
    SENSORS,
    STEP,
    STEPS,
    measurements_of_test,
    measurements_of_train,
    measurements_of_valid,
)
from sklearn.cluster import KMeans

from seqapps.data.source import digest_of_code


@pytest.fixture(scope="module")
def train():
    return list(measurements_of_train())


@pytest.fixture(scope="module")
def test():
    return list(measurements_of_test())


def values_of(rows):
    return np.stack([row["values"] for row in rows])  # [rows, time, sensors]


def spoilt(rows):
    return np.array([row["state"] == "spoilt" for row in rows])


def risen(rows):
    """By how much each sensor's conductance grew: [rows, sensors]."""
    values = values_of(rows)
    return values[:, AIR + EXPOSED - 5 : AIR + EXPOSED].mean(1) / values[:, :AIR].mean(1)


def test_a_row_is_one_measurement_of_all_sensors(train):
    assert values_of(train).shape == (400, STEPS, len(SENSORS))
    for row in train:
        assert (np.diff(row["times"]) == STEP).all() and len(row["times"]) == STEPS


def test_rows_are_always_the_same(train):
    for row, again in zip(train, measurements_of_train(), strict=True):
        np.testing.assert_array_equal(row["values"], again["values"])


def test_a_cache_can_tell_when_the_rows_change():
    assert digest_of_code([measurements_of_train, measurements_of_valid, measurements_of_test])


def test_conductance_rises_in_the_odour_and_falls_in_clean_air(train):
    values = values_of(train).mean(axis=0)  # [time, sensors]
    assert (values[AIR + EXPOSED - 1] > 1.2 * values[AIR - 1]).all()
    assert (values[-1] < values[AIR + EXPOSED - 1] - 0.1).all()


def test_fresh_and_spoilt_are_about_as_many(train, test):
    for rows in (train, test):
        assert 0.35 < spoilt(rows).mean() < 0.65


def test_the_longer_in_the_ice_the_more_the_sensor_for_amines_answers(train):
    days = np.array([row["days"] for row in train])
    assert np.corrcoef(days, risen(train)[:, 3])[0, 1] > 0.8
    assert abs(np.corrcoef(days, risen(train)[:, 0])[0, 1]) < 0.7  # ethanol tells little


def test_sensors_drift_from_session_to_session(train, test):
    first = values_of(train)[:, :AIR].mean(axis=1)  # [rows, sensors]
    last = values_of(test)[:, :AIR].mean(axis=1)
    assert (np.abs(last.mean(0) / first.mean(0) - 1) > 0.01).sum() >= 3


def test_only_the_test_tells_what_is_spoilt(train, test):
    assert not any(row["anomaly"].any() for row in train)
    assert [bool(row["anomaly"].all()) for row in test] == spoilt(test).tolist()


def test_two_groups_can_be_found_without_labels_but_not_without_errors(train):
    found = KMeans(2, n_init=5, random_state=0).fit_predict(np.log(risen(train)))
    right = (found == spoilt(train)).mean()
    assert 0.9 < max(right, 1 - right) < 1
