"""New, broken and vanished versions of a model that is being served."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from served_models import golden

from seqapps.serving import policy
from seqapps.serving.errors import Refused
from seqapps.serving.models import Models
from seqapps.serving.policy import Policy
from seqapps.serving.versions import Status

GONE = "NOT_FOUND"


@pytest.fixture
def place(tmp_path):
    return tmp_path / "published"


@pytest.fixture
def publish(place, half_plus_models):
    """Put half-plus-two or -three there as a version, in one rename as publishing does."""

    def put(version, addend, *, damage=None, name="half"):
        incoming = place / name / f".incoming-{version}"
        shutil.copytree(half_plus_models / str(addend), incoming)
        if damage:
            damage(incoming)
        return incoming.rename(place / name / str(version))

    return put


@pytest.fixture
def serving(place):
    """Models of the folder, looked at by hand."""
    found = []

    def make(**given):
        found.append(Models(place, **given))
        found[-1].refresh()
        return found[-1]

    yield make
    for models in found:
        models.close()


def asked(models, x=1.0, name="half", **which):
    with models.lease(name, **which) as version:
        future = version.submit("serving_default", {"x": np.array([x], np.float32)})
        return float(future.result(timeout=60)["y"][0])


def states(models, name="half"):
    return {status.version: status.state for status in models.status(name)}


def no_graph(folder):
    (folder / "saved_model.pb").write_bytes(b"\x08\x01 not a graph")


def no_variables(folder):
    shutil.rmtree(folder / "variables")


def damaged_golden(folder):
    golden(2.5)(folder)
    (folder / "assets.extra" / "golden.json").write_text("[{")


def warmup(*names):
    """A warm-up file with a request by each of these input names."""

    def write(folder):
        import tensorflow as tf
        from tensorflow_serving.apis import prediction_log_pb2

        with tf.io.TFRecordWriter(str(_warmup_file(folder))) as writer:
            for name in names:
                log = prediction_log_pb2.PredictionLog()
                log.predict_log.request.inputs[name].CopyFrom(tf.make_tensor_proto([1.0]))
                writer.write(log.SerializeToString())

    return write


def cut_warmup(folder):
    warmup("x", "x")(folder)
    file = _warmup_file(folder)
    file.write_bytes(file.read_bytes()[:-7])


def _warmup_file(folder):
    (folder / "assets.extra").mkdir(exist_ok=True)
    return folder / "assets.extra" / "tf_serving_warmup_requests"


BROKEN = {
    "graph": no_graph,
    "variables": no_variables,
    "golden answer": golden(2.6),
    "golden file": damaged_golden,
    "warm-up request": warmup("x", "other"),
    "warm-up file": cut_warmup,
}


def test_the_highest_version_is_served(publish, serving):
    publish(9, 2)
    publish(10, 3)
    models = serving()
    assert asked(models) == 3.5
    assert states(models) == {10: "AVAILABLE"}


def test_a_new_version_replaces_the_old_one(publish, serving):
    publish(1, 2)
    models = serving()
    assert asked(models) == 2.5
    publish(2, 3)
    models.refresh()
    assert asked(models) == 3.5
    assert states(models) == {2: "AVAILABLE", 1: "END"}
    with pytest.raises(Refused) as refused:
        asked(models, version=1)
    assert refused.value.code == GONE


def test_an_old_version_answers_whoever_has_it_before_it_goes(publish, serving):
    publish(1, 2)
    models = serving()
    with models.lease("half") as old:
        publish(2, 3)
        models.refresh()
        assert states(models) == {2: "AVAILABLE", 1: "UNLOADING"}
        assert asked(models) == 3.5
        future = old.submit("serving_default", {"x": np.array([1.0], np.float32)})
        assert future.result(timeout=60)["y"] == 2.5
    models.refresh()
    assert states(models)[1] == "END"


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_a_broken_version_never_replaces_a_good_one(publish, serving, place, damage):
    publish(1, 2, damage=golden(2.5))
    models = serving()
    publish(2, 2, damage=damage)
    models.refresh()
    assert asked(models) == 2.5
    assert states(models) == {2: "END", 1: "AVAILABLE"}
    [status] = models.status("half", version=2)
    assert status.code != "OK" and status.message
    assert str(place) not in status.message and "Traceback" not in status.message


@pytest.mark.parametrize("damage", [no_graph, golden(2.6)], ids=["graph", "golden answer"])
def test_a_broken_version_is_not_served_when_the_server_starts_anew(publish, serving, damage):
    publish(1, 2)
    publish(2, 2, damage=damage)
    models = serving()
    assert asked(models) == 2.5
    assert states(models) == {2: "END", 1: "AVAILABLE"}


def test_a_model_whose_only_version_is_broken_is_known_but_not_served(publish, serving):
    publish(1, 2, damage=no_graph)
    models = serving()
    assert states(models) == {1: "END"}
    with pytest.raises(Refused) as refused:
        asked(models)
    assert (refused.value.code, refused.value.message) == (
        GONE, "Servable not found for request: Latest(half)",
    )  # fmt: skip


def test_a_broken_version_is_loaded_once_until_its_files_change(publish, serving, half_plus_models):
    publish(1, 2)
    folder = publish(2, 3, damage=no_graph)
    loads = []

    def load(folder):
        from seqapps.serving.proving import load_proved

        loads.append(folder.name)
        return load_proved(folder)

    models = serving(load=load)
    models.refresh()
    assert loads == ["2", "1"]
    shutil.copy(half_plus_models / "3" / "saved_model.pb", folder / "saved_model.pb")
    models.refresh()
    assert asked(models) == 3.5


def test_a_good_bundle_is_proved_and_warmed(publish, serving):
    publish(1, 3, damage=lambda folder: (golden(3.5)(folder), warmup("x")(folder)))
    assert states(serving()) == {1: "AVAILABLE"}


def test_when_the_newest_version_is_deleted_the_one_before_is_back(publish, serving):
    publish(1, 2)
    newest = publish(2, 3)
    models = serving()
    shutil.rmtree(newest)
    models.refresh()
    assert asked(models) == 2.5
    assert states(models) == {1: "AVAILABLE"}


def test_a_deleted_model_is_not_found_any_more(publish, serving, place):
    publish(1, 2)
    publish(1, 3, name="other")
    models = serving()
    shutil.rmtree(place / "half")
    models.refresh()
    assert models.names == ["other"]
    with pytest.raises(Refused, match="Could not find any versions of model half"):
        models.status("half")


def test_models_that_come_later_are_served_but_only_those_asked_for(publish, serving):
    publish(1, 2)
    models, some = serving(), serving(names=["half"])
    publish(1, 3, name="other")
    models.refresh()
    some.refresh()
    assert models.names == ["half", "other"] and some.names == ["half"]


def test_the_folder_is_looked_at_again_and_again(publish, place):
    publish(1, 2)
    models = Models(place)
    models.start(every=0.02)
    try:
        publish(2, 3)
        for _ in range(3000):
            if states(models).get(2) == "AVAILABLE":
                break
            threading.Event().wait(0.02)
        assert asked(models) == 3.5
    finally:
        models.close()


def test_versions_are_swapped_under_load_without_a_refusal(publish, serving, place):
    """Each answer is that of one version or the other, and none is lost."""
    publish(1, 2)
    models = serving()
    stop = threading.Event()

    def hammer():
        answers = []
        while not stop.is_set():
            answers.append(asked(models))
        return answers

    with ThreadPoolExecutor(5) as threads:
        futures = [threads.submit(hammer) for _ in range(5)]
        try:
            for version in range(2, 7):
                newest = publish(version, 2 + version % 2)
                models.refresh()
            shutil.rmtree(newest)
            models.refresh()
        finally:
            stop.set()
        answers = [future.result() for future in futures]
    assert {2.5, 3.5} == {answer for told in answers for answer in told}


def test_labels_and_policies_of_a_models_config(publish, serving, place, tmp_path):
    for version in (1, 2, 3):
        publish(version, 2 + version % 2)
    file = tmp_path / "mine.config"
    file.write_text(
        'model_config_list { config { name: "half" base_path: "/models/half" '
        "model_version_policy { specific { versions: 1 versions: 2 } } "
        'version_labels { key: "stable" value: 1 } version_labels { key: "next" value: 2 } } }'
    )
    models = serving(policies=lambda: policy.read(file, place))
    assert states(models) == {2: "AVAILABLE", 1: "AVAILABLE"}
    assert asked(models) == 2.5
    assert asked(models, label="stable") == 3.5 and asked(models, label="next") == 2.5
    assert models.status("half", label="stable") == [Status(1, "AVAILABLE")]
    with pytest.raises(Refused, match="label: other"):
        asked(models, label="other")
    with pytest.raises(Refused, match="give one of them"):
        asked(models, label="stable", version=1)


def test_so_many_of_the_newest_are_served_as_the_policy_says(publish, serving):
    for version in (1, 2, 3):
        publish(version, 2)
    assert states(serving(policies=lambda: {"half": Policy(most=2)})) == {
        3: "AVAILABLE", 2: "AVAILABLE",
    }  # fmt: skip
