"""Long documents through `seqapps run sentiment`: time, memory, accuracy, and what is cut.

Documents of 250 to 2,000 words are put together from sentences of `sample:rotten-tomatoes` of one
label, films kept apart between the splits. Every line is a whole run in a process of its own, of
one epoch; times are of its training and of answering the test split with the export. They are
given for 1,000 tokens too, as ratios to the first line, so that they say something on another
machine.

    .venv/bin/python benchmarks/long_documents.py [--documents 400] [--only 250 500]
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from seqapps import registry
from seqapps.data.load import load

LENGTHS = (250, 500, 1000, 2000)  # words
HELD_OUT = 0.25  # of the documents, for validation and for test each
SETTINGS = {
    "default": [],
    "all of it": ["max_tokens=2000", "batch_tokens=12000"],
    "TF-IDF, linear": ["representation=tfidf", "layers=0", "max_tokens=2000", "batch_tokens=12000"],
}


def documents(folder: Path, words: int, count: int) -> None:
    """train.csv, valid.csv and test.csv of documents of at least `words` words."""
    data = load(registry.load("sentiment"), "sample:rotten-tomatoes")
    for split, rows in data.splits.items():
        by_label: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            by_label[row["label"]].append(row["text"])
        drawn = random.Random(f"{split} {words}")
        size = count if split == "train" else round(HELD_OUT * count)
        with (folder / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "label"])
            for number in range(size):
                label = sorted(by_label)[number % len(by_label)]
                parts: list[str] = []
                while len(" ".join(parts).split()) < words:
                    parts.append(drawn.choice(by_label[label]))
                writer.writerow([" ".join(parts), label])


def run(folder: Path, data: Path, settings: list[str]) -> dict[str, float]:
    """Figures of one run of one epoch."""
    changes = [part for setting in ("epochs=1", *settings) for part in ("--set", setting)]
    command = [
        sys.executable, "-m", "seqapps", "run", "sentiment", "--data", str(data),
        "--runs", str(folder / "runs"), "--output", str(folder / "models"), "--name", "one",
        "--fresh", "--quiet", *changes,
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    made = folder / "runs" / "sentiment" / "one"
    evaluation = json.loads((made / "evaluation.json").read_text())
    costs = json.loads((made / "cost.json").read_text())
    facts = json.loads((made / "data.json").read_text())
    return {
        "train": evaluation["seconds"]["train"],
        "answer": evaluation["seconds"]["answer test model"],
        "memory": max(line["peak_memory"] or 0 for line in costs) / 1e9,
        "cut": facts["cut"]["share"],
        "accuracy": evaluation["model"]["accuracy"]["value"],
        "tfidf": evaluation["baselines"]["tfidf_words"]["accuracy"]["value"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=400, help="of training")
    parser.add_argument("--only", type=int, nargs="*", default=LENGTHS, help="words")
    given = parser.parse_args()
    print(
        "words  settings        cut  train s   s/1000  ratio  ms/answer  peak GB  accuracy  tfidf"
    )
    first: dict[str, float] = {}
    for words in given.only:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "data").mkdir()
            documents(folder / "data", words, given.documents)
            for name, settings in SETTINGS.items():
                found = run(folder, folder / "data", settings)
                read = min(words, 400) if name == "default" else words
                pace = 1000 * found["train"] / (read * given.documents)
                ratio = pace / first.setdefault(name, pace)
                answer = 1000 * found["answer"] / round(HELD_OUT * given.documents)
                print(
                    f"{words:5}  {name:14} {found['cut']:4.0%}  {found['train']:7.1f}"
                    f"  {pace:7.4f}  {ratio:5.2f}  {answer:9.2f}  {found['memory']:7.2f}"
                    f"  {found['accuracy']:8.3f}  {found['tfidf']:5.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
