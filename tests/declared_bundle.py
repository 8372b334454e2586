"""Bundles that declare signatures and have no graph: all that a page is made of."""

import json

from seqapps.export import manifest
from seqapps.export.manifest import EXTRA
from seqapps.task import DEFAULT, Column, Output, Signature

TEXT = Signature(
    {"text": Column("text", "the review")},
    {
        "label": Output("label", "the likeliest"),
        "scores": Output("scores", "of each label"),
        "labels": Output("labels", "their names"),
    },
    "Is it good?",
)


def declare(folder, signatures=None, golden=(), **record):
    """A version folder with these signatures (`serving_default` first) and golden requests."""
    signatures = {DEFAULT: TEXT} if signatures is None else signatures
    (folder / EXTRA).mkdir(parents=True)
    manifest.write(folder, {"task": "made_up", **record}, signatures)
    text = json.dumps(list(golden), ensure_ascii=False)
    (folder / EXTRA / "golden.json").write_text(text, encoding="utf-8")
    return folder


def request(signature, **columns):
    """A golden request whose answer nobody looks at."""
    return {"signature": signature, "inputs": columns, "outputs": {}}
