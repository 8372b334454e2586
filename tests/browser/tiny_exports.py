"""Exports of tasks trained at their tiny size, as a server serves them; without the long proof."""

from dataclasses import replace

from seqapps.checks import Trial, settled
from seqapps.data.batching import batch_of
from seqapps.export import golden, manifest
from seqapps.export.manifest import CLASSIFY, EXTRA
from seqapps.export.signatures import declared, module_of
from seqapps.files import write_json
from seqapps.start import stderr_aside

FEW = 3  # golden rows: pages show them, and each is answered op by op


def export_of(task, folder):
    """The version folder of an export: graph, declared signatures, golden inputs."""
    import tensorflow as tf

    # One epoch: pages show what a model says, whether it is right or not.
    task = settled(replace(task, tiny=replace(task.tiny, epochs=1)))
    trial = Trial(task, None, folder / "trial")
    model, features = trial.trained
    place = folder / "1"
    module, functions = module_of(task, task.tiny, model, features)
    with stderr_aside():
        tf.saved_model.save(module, str(place), signatures=functions)
    (place / EXTRA).mkdir(exist_ok=True)
    record = {"task": task.name, "seed": 0, "data": {"source": "sample"}}
    manifest.write(place, record, declared(task, task.tiny))
    write_json(place / EXTRA / "golden.json", _golden(task, trial))
    return place


def _golden(task, trial):
    """The inputs of some validation cases for each signature."""
    cases = golden.choose(task, task.tiny, trial.cases("valid"))[:FEW]
    found = []
    for name, signature in declared(task, task.tiny).items():
        if name == CLASSIFY:
            continue
        usable = golden._with_examples(signature, cases)
        batch_of(usable, signature.inputs)  # they fit
        columns = {key: [golden._json(case[key]) for case in usable] for key in signature.inputs}
        found.append({"signature": name, "inputs": columns, "outputs": {}})
    return found
