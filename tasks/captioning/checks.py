"""What `seqapps check` holds a captioner to, beside what it holds every task to."""

from dataclasses import replace
from typing import Any

CLOSE = 1e-4


def check_where_it_looks_sums_to_one(trial: Any) -> None:
    """Weights of attention sum to 1 over the whole picture, for every token and no padding."""
    import numpy as np

    from seqapps.data.batching import batch_of
    from seqapps.predict import split_batch

    model, features = trial.trained
    columns = trial.task.declared(trial.task.tiny)["explain"].inputs
    asked = [{"image_bytes": case["image_bytes"], "caption": ""} for case in trial.few()]
    for told in split_batch(features.explain(model, batch_of(asked, columns))):
        tokens, attention = np.array(told["tokens"]), np.array(told["attention"])
        sums = attention.sum(axis=(1, 2))
        off = np.abs(sums[tokens != ""] - 1).max()
        assert off <= CLOSE, f"the attention of a token sums to 1 but for {off:.2g}"
        padded = np.abs(sums[tokens == ""]).max(initial=0)
        assert padded == 0, f"padding of the caption looks at the picture with {padded:.2g}"


def check_one_beam_is_greedy(trial: Any) -> None:
    """A beam of one finds what taking the likeliest token each time finds."""
    from seqapps.data.batching import batch_of

    model, _ = trial.trained
    features = trial.task.features(replace(trial.task.tiny, beam=1), trial.state)
    batch = batch_of(trial.few(), trial.task.inputs)
    searched = features.respond(model, batch)["caption"]
    taken = features.greedy(model, batch["image_bytes"])
    for one, other in zip(searched.numpy(), taken.numpy(), strict=True):
        assert one == other, (
            f"a beam of 1 writes {one.decode()!r}, the likeliest tokens are {other.decode()!r}"
        )
