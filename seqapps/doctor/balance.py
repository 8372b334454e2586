"""Labels that are rare, too frequent, missing somewhere, or one label in two spellings."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np

from seqapps.data.load import Data
from seqapps.data.splits import SPLITS
from seqapps.doctor.view import SHOWN, Finding, View

MOSTLY = 0.8  # share of one label from which always answering it looks like a good model
EACH = 2  # rows that are shown of a label
LABELS = 10  # labels of which rows are shown


def facts(data: Data) -> dict[str, Any]:
    """{target: its number of labels, the most frequent and the rarest one with their shares}."""
    found = {}
    for target, known in data.entry.labels.items():
        total = sum(count for count, _ in known.values())
        ranked = sorted(known, key=lambda label: (-known[label][0], label))
        found[target] = {
            "labels": len(known),
            **{
                name: {"label": label, "rows": known[label][0], "share": known[label][0] / total}
                for name, label in (("most_frequent", ranked[0]), ("rarest", ranked[-1]))
            },
        }
    return found


def examples(view: View) -> dict[str, dict[str, list[dict[str, str]]]]:
    """{target: {label: the first training rows of it}} of the most frequent labels."""
    found: dict[str, dict[str, list[dict[str, str]]]] = {}
    for target, known in view.data.entry.labels.items():
        codes = np.asarray(view.records.index[f"label_{target}"])
        codes = np.where(view.split_of == 0, codes, -1)
        ranked = sorted(known, key=lambda label: (-known[label][0], label))[:LABELS]
        code_of = {label: code for code, label in enumerate(known)}
        found[target] = {
            label: [view.example(row)[0] for row in np.flatnonzero(codes == code_of[label])[:EACH]]
            for label in ranked
        }
    return found


def findings(view: View) -> list[Finding]:
    """What stands out about the labels of every target."""
    found = []
    for target, by_split in view.data.labels.items():
        known = view.data.entry.labels[target]
        found += _once(target, known)
        found += _alike(target, known)
        found += _mostly(target, view.data)
        found += _missing(view, target, by_split)
    return found


def _once(target: str, known: Mapping[str, tuple[int, str]]) -> list[Finding]:
    once = {label: where for label, (count, where) in known.items() if count == 1}
    if not once or len(known) == 1:
        return []
    return [
        Finding(
            kind="label_once",
            count=len(once),
            what=f"values of {target!r} that one row only has",
            run="stops: what is seen once cannot be both trained on and judged",
            fix="left out",
            stops=True,
            examples=[[_place(label, where)] for label, where in list(once.items())[:SHOWN]],
        )
    ]


def _alike(target: str, known: Mapping[str, tuple[int, str]]) -> list[Finding]:
    """'Good ' and 'good'; 1 and 1.0."""
    numbers: dict[float, list[str]] = {}
    spellings: dict[str, list[str]] = {}
    for label in known:
        try:
            numbers.setdefault(float(label), []).append(label)
        except ValueError:
            plain = " ".join(unicodedata.normalize("NFKC", label).casefold().split())
            spellings.setdefault(plain, []).append(label)
    found = []
    for stops, groups in ((True, numbers.values()), (False, spellings.values())):
        alike = [labels for labels in groups if len(labels) > 1]
        if alike:
            found.append(
                Finding(
                    kind="label_same_number" if stops else "label_spellings",
                    count=len(alike),
                    what=f"values of {target!r} written in more than one way"
                    + (" (the same number)" if stops else " (capitals, spaces)"),
                    run="stops: one number cannot be two labels" if stops
                    else "takes each spelling for a label of its own",
                    stops=stops,
                    examples=[
                        [_place(label, known[label][1]) for label in labels[:SHOWN]]
                        for labels in alike[:SHOWN]
                    ],
                )
            )  # fmt: skip
    return found


def _mostly(target: str, data: Data) -> list[Finding]:
    first = facts(data)[target]["most_frequent"]
    if first["share"] < MOSTLY or first["share"] == 1:
        return []
    return [
        Finding(
            kind="imbalanced",
            count=first["rows"],
            what=f"rows with the {target} {first['label']!r}, {first['share']:.0%} of all",
            run="trains on them as they are; always answering it scores that well, so see "
            "macro_f1 beside accuracy",
        )
    ]


def _missing(view: View, target: str, by_split: Mapping[str, Mapping[str, int]]) -> list[Finding]:
    known = view.data.entry.labels[target]
    found = []
    for split in SPLITS:
        if not by_split[split]:
            continue  # an empty split is said as such
        missing = sorted(known.keys() - by_split[split].keys())
        missing = [label for label in missing if known[label][0] > 1]
        if missing:
            train = split == "train"
            listed = ", ".join(map(repr, missing[:5])) + (", ..." if len(missing) > 5 else "")
            found.append(
                Finding(
                    kind="label_missing",
                    count=len(missing),
                    what=f"values of {target!r} that are not in {split} ({listed})",
                    run="stops: what is judged must be trained on" if train
                    else f"goes on; {split} says nothing about them",
                    stops=train and any(missing_in(by_split, missing)),
                )
            )  # fmt: skip
    return found


def missing_in(by_split: Mapping[str, Mapping[str, int]], labels: list[str]) -> list[str]:
    """Those labels that are in a held-out split."""
    return [label for label in labels if any(label in by_split[name] for name in SPLITS[1:])]


def _place(label: str, where: str) -> dict[str, str]:
    return {"where": where, "shown": repr(label)}
