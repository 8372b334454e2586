"""What a bundle says of itself, readable without TensorFlow and without the task."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seqapps import files
from seqapps.errors import UserError
from seqapps.task import DEFAULT as DEFAULT
from seqapps.task import Column, Output, Signature

EXTRA = "assets.extra"  # TF Serving's name for files that come with a model
CLASSIFY = "classify"  # the signature that tells the answer in TF Serving's classification format
ODD_TEXTS = (
    "",
    "!?",
    "Straße, 한국어, عربي, 😀",
)  # end golden requests, as clients send such
# What a bundle holds beside what TensorFlow itself writes: docs/compatibility.md.
FILES = (
    "batching_params.pbtxt",
    *(f"{EXTRA}/{name}" for name in (
        "bundle.json", "golden.json", "proof.json", "settings.toml", "tf_serving_warmup_requests",
    )),
)  # fmt: skip


def write(folder: Path, record: Mapping[str, Any], signatures: Mapping[str, Signature]) -> None:
    """`bundle.json`: the run it comes from, and every signature as declared."""
    run = {key: value for key, value in record.items() if key not in ("settings", "format")}
    declared = {name: asdict(signature) for name, signature in signatures.items()}
    files.write_json(folder / EXTRA / "bundle.json", {"format": 1, **run, "signatures": declared})


def read(folder: Path) -> dict[str, Any]:
    """The content of `bundle.json`. Raises UserError where the folder is no bundle of ours."""
    try:
        manifest: dict[str, Any] = files.read_json(folder / EXTRA / "bundle.json")
    except (OSError, ValueError):
        raise UserError(
            f"{folder}: not an export of seqapps ({EXTRA}/bundle.json is missing or damaged)."
        ) from None
    return manifest


def setting(folder: Path, name: str) -> Any:
    """One of the settings that an export was made with; None where it has none of that name."""
    try:
        return tomllib.loads((folder / EXTRA / "settings.toml").read_text("utf-8")).get(name)
    except (OSError, ValueError):
        return None  # a bundle need not have it


def signature_of(manifest: Mapping[str, Any], name: str) -> Signature:
    """A signature as the manifest holds it."""
    entry = manifest["signatures"][name]
    return Signature(
        {
            key: Column(
                column["kind"],
                column["meaning"],
                tuple(column["shape"]),
                column.get("default"),
                gaps=column.get("gaps", False),
                channels=tuple(column.get("channels", ())),
            )
            for key, column in entry["inputs"].items()
        },
        {key: Output(**output) for key, output in entry["answer"].items()},
        entry["meaning"],
    )
