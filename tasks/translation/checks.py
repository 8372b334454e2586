"""What `seqapps check` holds a translator to, beside what it holds every task to."""

from dataclasses import replace
from typing import Any

CLOSE = 1e-4


def check_where_it_looks_sums_to_one(trial: Any) -> None:
    """Weights of attention sum to 1 over the real source; padding gets none."""
    import numpy as np

    from seqapps.data.batching import batch_of
    from seqapps.predict import split_batch

    if not trial.task.tiny.looks:
        return
    model, features = trial.trained
    columns = trial.task.declared(trial.task.tiny)["explain"].inputs
    asked = [{"source": case["source"], "target": ""} for case in trial.few()]
    for told in split_batch(features.explain(model, batch_of(asked, columns))):
        source, target = (np.array(told[f"{side}_tokens"]) for side in ("source", "target"))
        weights = np.array(told["attention"])  # [target, source]
        off = np.abs(weights[target != ""].sum(axis=1) - 1).max()
        assert off <= CLOSE, f"a row of attention sums to 1 but for {off:.2g}; mask, then normalise"
        padded = np.abs(weights[:, source == ""]).max(initial=0)
        assert padded == 0, f"padding of the source is looked at with {padded:.2g}; mask it"


def check_one_beam_is_greedy(trial: Any) -> None:
    """A beam of one finds what taking the likeliest token each time finds."""
    import tensorflow as tf

    from seqapps.data.batching import batch_of

    model, _ = trial.trained
    features = trial.task.features(replace(trial.task.tiny, beam=1), trial.state)
    batch = batch_of(trial.few(), trial.task.inputs)
    searched = features.respond(model, batch)["translation"]
    taken = features.greedy(model, batch["source"])
    for one, other in zip(searched.numpy(), taken.numpy(), strict=True):
        assert one == other, (
            f"a beam of 1 writes {one.decode()!r}, the likeliest tokens are {other.decode()!r}"
        )
    assert tf.reduce_any(taken != ""), "every translation is empty; is the model trained at all?"
