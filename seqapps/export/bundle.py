"""Write a complete, proven bundle: SavedModel, golden and warm-up requests, settings, proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seqapps import files, settings
from seqapps.export import golden, manifest, serving_files
from seqapps.export.manifest import EXTRA
from seqapps.export.proof import Proof, prove
from seqapps.export.signatures import declared, module_of
from seqapps.features import Features
from seqapps.start import stderr_aside
from seqapps.task import Case, Task


def write(
    folder: Path,
    task: Task,
    values: Any,
    model: Any,
    features: Features,
    *,
    cases: Sequence[Case],
    record: Mapping[str, Any],
) -> Proof:
    """Export into the empty `folder` and prove it; `record` says what run it comes from.

    Raises ProofError where the export answers otherwise than the trained model.
    """
    import tensorflow as tf

    module, functions = module_of(task, values, model, features)
    requests = golden.records(task, values, model, features, cases)
    with stderr_aside():  # subwords tell that nothing is normalised
        tf.saved_model.save(module, str(folder), signatures=functions)
    signatures = declared(task, values)
    extra = folder / EXTRA
    extra.mkdir(exist_ok=True)
    files.write_json(extra / "golden.json", requests)
    files.write_text(extra / "settings.toml", settings.dumps(values))
    known = {name: [*found] for name, found in features.known_values().items()}
    manifest.write(folder, {**record, **({"known": known} if known else {})}, signatures)
    serving_files.write_warmup(extra / "tf_serving_warmup_requests", requests, signatures)
    files.write_text(folder / "batching_params.pbtxt", serving_files.batching_parameters())
    proof = prove(folder, signatures)
    files.write_json(extra / "proof.json", asdict(proof))
    return proof
