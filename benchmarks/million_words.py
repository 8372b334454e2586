"""About 10^6 words in the form of Penn Treebank, which cannot be had freely, out of what can.

English sentences of Multi30k, film reviews (rt_polarity), UD English-EWT and lines of Shakespeare:
one on a line, lower case, marks split off, numbers written N, and words beyond the 9,999 most
frequent of the training part written <unk>. Parts follow those of the data sets; UD-EWT's valid
part is halved.

    .venv/bin/python benchmarks/million_words.py SHARED_DATA FOLDER
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

VOCABULARY = 9_999  # with <unk> 10,000
TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d[\d.,]*|[^\w\s]")
PARTS = {
    "train": ("train", "train", "train", "train"),
    "valid": ("valid", "valid", "first half", "valid"),
    "test": ("test2016", "test", "second half", "test"),
}


def column(file: Path, name: str) -> Iterator[str]:
    tabs = csv.excel_tab if file.suffix == ".tsv" else csv.excel
    with file.open(encoding="utf-8", newline="") as lines:
        yield from (row[name] for row in csv.DictReader(lines, dialect=tabs))


def tagged(file: Path) -> list[str]:
    """Sentences of a file with `token<TAB>tag` on a line and an empty line between sentences."""
    sentences = file.read_text(encoding="utf-8").strip().split("\n\n")
    return [" ".join(line.split("\t")[0] for line in each.split("\n")) for each in sentences]


def sentences(data: Path, multi30k: str, reviews: str, ewt: str, shakespeare: str) -> list[str]:
    found = list(column(data / f"translation/multi30k_en_de_{multi30k}.tsv", "source"))
    found += column(data / f"sentiment/rt_polarity_{reviews}.csv", "text")
    if ewt == "train":
        found += tagged(data / "tagging/ud_ewt_train.tsv")
    else:
        valid = tagged(data / "tagging/ud_ewt_valid.tsv")
        middle = len(valid) // 2
        found += valid[:middle] if ewt == "first half" else valid[middle:]
    text = data / f"language_model/tinyshakespeare_{shakespeare}.txt"
    return found + text.read_text(encoding="utf-8").split("\n")


def words(sentence: str) -> list[str]:
    return ["N" if word[0].isdigit() else word for word in TOKEN.findall(sentence.lower())]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    known: set[str] = set()
    for part, sources in PARTS.items():
        split = [found for each in sentences(given.data, *sources) if (found := words(each))]
        if part == "train":
            counts = Counter(word for each in split for word in each)
            known = {word for word, _ in counts.most_common(VOCABULARY)}
        lines = [" ".join(word if word in known else "<unk>" for word in each) for each in split]
        (given.folder / f"{part}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        tokens = sum(map(len, split)) + len(split)
        unknown = sum(word not in known for each in split for word in each)
        print(f"{part}: {tokens:,} words, ends of lines among them; {unknown / tokens:.1%} <unk>")


if __name__ == "__main__":
    main()
