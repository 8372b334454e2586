"""Windows are grouped by their codes without labels, and the report shows the groups."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure as Canvas
from seqapps.tasks.monitoring.groups import groups
from seqapps.tasks.monitoring.shown import shown
from seqapps.tasks.monitoring.task import TASK

from seqapps.data.batching import batch_of
from seqapps.predict import split_batch

CENTERS = np.array([[0.0, 0.0, 1.0], [5.0, 0.0, 1.0], [0.0, 5.0, 1.0]])
KINDS = ("fresh", "stale", "spoilt")
OBSERVED = {"runs": [], "events": []}


def windows(count, *, states=True, seed=0):
    """Codes near one of three centers, and which it is as the state."""
    random = np.random.default_rng(seed)
    kind = random.integers(0, 3, count)
    codes = CENTERS[kind] + 0.3 * random.normal(size=[count, 3])
    return [
        {"code": code, "state": KINDS[each] if states else ""}
        for code, each in zip(codes, kind, strict=True)
    ]


def ask(name, cases):
    assert name == "embed"
    return [{"embedding": case["code"].tolist()} for case in cases]


def found(train, test, clusters=7):
    around = SimpleNamespace(settings=SimpleNamespace(clusters=clusters), train=train, test=test)
    return groups(ask, around)


def test_as_many_groups_are_found_as_there_are():
    told = found(windows(83), windows(41, seed=1))
    assert told["count"] == 3
    assert set(told["silhouettes"]) == set("234567")
    assert told["agreement"] == 1
    assert sum(told["sizes"]) == 83
    assert np.shape(told["places"]) == (41, 2)
    assert told["states"] == [case["state"] for case in windows(41, seed=1)]


def test_places_are_those_of_the_two_main_directions():
    told = found(windows(83), windows(41, seed=1))
    codes = np.array([case["code"] for case in windows(83)])
    centered = codes - codes.mean(axis=0)
    _, _, axes = np.linalg.svd(centered, full_matrices=False)
    test = np.array([case["code"] for case in windows(41, seed=1)])
    expected = (test - codes.mean(axis=0)) @ axes[:2].T
    np.testing.assert_allclose(np.abs(told["places"]), np.abs(expected), atol=1e-6)


def test_no_more_groups_are_looked_for_than_was_said():
    assert set(found(windows(83), windows(41), clusters=2)["silhouettes"]) == {"2"}


def test_where_no_state_is_known_nothing_is_compared():
    assert "agreement" not in found(windows(83), windows(41, states=False))


def test_codes_of_one_number_have_a_place_in_the_plane():
    def narrow(cases):
        return [{**case, "code": case["code"][:1]} for case in cases]

    told = found(narrow(windows(83)), narrow(windows(41)))
    assert told["count"] == 2
    assert np.shape(told["places"]) == (41, 2)


def test_windows_that_are_all_the_same_make_no_groups():
    same = [{"code": np.zeros(3), "state": ""}] * 5
    assert found(same, same) == {}
    assert [part.title for part in shown({**OBSERVED, "groups": {}})] == ["Scores and alarms"]


@pytest.mark.parametrize("states", [True, False])
def test_the_report_draws_groups_and_counts_states(states):
    told = found(windows(83), windows(41, states=states))
    (section,) = [
        each for each in shown({**OBSERVED, "groups": told}) if each.title.startswith("Groups")
    ]
    figure, table = section.parts
    axes = Canvas().add_subplot()
    figure.draw(axes)
    drawn = sum(len(each.get_offsets()) for each in axes.collections)
    assert drawn == 41
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert any("spoilt" in label for label in labels) == states
    assert table.head == ["group", "training", "test", *(sorted(KINDS) if states else [])]
    assert sum(int(row[2]) for row in table.rows) == 41
    assert ("Rand index" in section.note) == states


def test_the_embedding_is_the_mean_code_of_the_window(made):
    import keras

    monitor = made()
    model, features, _, _ = monitor.trained
    cases = monitor.cases("test")[:5]
    raw = batch_of(cases, monitor.task.inputs)
    told = split_batch(features.embed(model, raw))
    coder = keras.Model(model.input, model.get_layer("code").output)
    codes = np.asarray(coder(features.inputs(raw)))  # [5, 23, 2]
    np.testing.assert_allclose([each["embedding"] for each in told], codes.mean(1), rtol=1e-5)
    np.testing.assert_allclose([each["last_code"] for each in told], codes[:, -1], rtol=1e-5)


def test_a_forecaster_alone_has_no_codes(made):
    assert "embed" in TASK.declared(made(detector="both").settings)
    assert "embed" not in TASK.declared(made(detector="forecaster").settings)
    with pytest.raises(ValueError, match="detector = 'forecaster' has none"):
        made(detector="forecaster", clusters=3)
