"""Folders: files named by split, a folder of texts per label, images with captions."""

import dataclasses
import re

import pytest

from seqapps.data.load import load
from seqapps.data.source import Reading, open_source
from seqapps.errors import UserError
from seqapps.task import Column


@pytest.fixture
def rows_of(sentiment, tmp_path):
    """{split: [(place, row)]} of the folder, and what was said about it."""

    def rows_of(task=sentiment):
        source = open_source(task, str(tmp_path), Reading())
        found = {
            split: [(str(where), row) for where, row in rows()]
            for split, rows in source.splits.items()
        }
        return found, list(source.notes)

    return rows_of


def write(file, content: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "split"),
    [("train.csv", "train"), ("training.csv", "train"), ("valid.csv", "valid"),
     ("validation.csv", "valid"), ("val.csv", "valid"), ("dev.csv", "valid"),
     ("test.csv", "test"), ("TEST.CSV", "test"), ("train-00001-of-00003.csv", "train")],
)  # fmt: skip
def test_a_files_name_is_its_split(name, split, rows_of, tmp_path):
    write(tmp_path / name, "text,label\nfine,good\n")
    row = {"text": "fine", "label": "good"}
    assert rows_of() == ({split: [(f"{name}, row 1", row)]}, [])


def test_a_prefix_that_all_share_does_not_hide_the_splits(rows_of, tmp_path):
    for name in ("shop_train", "shop_test-00000-of-00001"):
        write(tmp_path / f"{name}.csv", f"text,label\n{name},good\n")
    found, notes = rows_of()
    assert {split: row["text"] for split, ((_, row),) in found.items()} == {
        "train": "shop_train",
        "test": "shop_test-00000-of-00001",
    }
    assert notes == []


def test_two_prefixes_are_two_data_sets(sentiment, rows_of, tmp_path):
    for name in ("shop_train", "shop_test", "film_train"):
        write(tmp_path / f"{name}.csv", f"text,label\n{name},good\n")
    with pytest.raises(UserError, match=r"found film_train\.csv, shop_test\.csv"):
        rows_of()
    chosen = open_source(sentiment, str(tmp_path / "shop_*.csv"), Reading())
    assert list(chosen.splits) == ["test", "train"]


@pytest.mark.parametrize("names", [["a", "b"], ["a_train", "b_train"], ["a_train", "a_more"]])
def test_files_of_a_pattern_that_name_no_splits_are_one_table(names, sentiment, tmp_path):
    for name in names:
        write(tmp_path / f"{name}.csv", f"text,label\n{name},good\n")
    source = open_source(sentiment, str(tmp_path / "*.csv"), Reading())
    assert [row["text"] for _, row in source.splits[None]()] == sorted(names)


def test_shards_are_read_in_their_order(rows_of, tmp_path):
    for number in (2, 0, 1):
        write(tmp_path / f"train-0000{number}-of-00003.csv", f"text,label\nfilm {number},good\n")
    found, _ = rows_of()
    assert [row["text"] for _, row in found["train"]] == ["film 0", "film 1", "film 2"]


def test_files_that_name_no_split_are_left_and_said(rows_of, tmp_path):
    write(tmp_path / "train.csv", "text,label\nfine,good\n")
    write(tmp_path / "more.csv", "text,label\npoor,bad\n")
    found, notes = rows_of()
    assert list(found) == ["train"]
    assert notes == ["1 files whose names name no split are not read"]


def test_a_folder_per_label(rows_of, tmp_path):
    write(tmp_path / "neg" / "b.txt", "dull")
    write(tmp_path / "pos" / "1.txt", "그 lovely\nfilm\n")
    write(tmp_path / "pos" / "notes.md", "not a text")
    write(tmp_path / "readme.md", "about")
    found, notes = rows_of()
    assert found == {
        None: [
            ("neg/b.txt", {"text": "dull", "label": "neg"}),
            ("pos/1.txt", {"text": "그 lovely\nfilm\n", "label": "pos"}),
        ]
    }
    assert notes == []


def test_a_folder_laid_out_as_imdb(rows_of, tmp_path):
    """train and test with pos and neg; reviews without labels, word counts and lists of links."""
    for split in ("train", "test"):
        for label in ("pos", "neg"):
            for number in range(3):
                write(tmp_path / split / label / f"{number}_7.txt", f"{split} {label} {number}")
        write(tmp_path / split / "urls_pos.txt", "a link")
        write(tmp_path / split / "labeledBow.feat", "1 0:3")
    write(tmp_path / "train" / "unsup" / "0_0.txt", "no label")
    write(tmp_path / "imdb.vocab", "the")
    found, notes = rows_of()
    assert {split: len(rows) for split, rows in found.items()} == {"test": 6, "train": 6}
    assert ("train/pos/2_7.txt", {"text": "train pos 2", "label": "pos"}) in found["train"]
    assert notes == ["train/unsup: 1 texts without labels are not read"]


def test_a_missing_split_of_such_a_folder_is_cut_from_train(sentiment, tmp_path):
    for number in range(100):
        for split in ("train", "test"):
            label = "pos" if number % 2 else "neg"
            write(tmp_path / split / label / f"{number}.txt", f"{split} {number}")
    data = load(sentiment, str(tmp_path))
    sizes = {name: len(rows) for name, rows in data.splits.items()}
    assert sizes == {"train": 90, "valid": 10, "test": 100}


def test_a_text_that_is_broken_is_named(sentiment, tmp_path):
    write(tmp_path / "pos" / "1.txt", "fine")
    (tmp_path / "neg").mkdir()
    (tmp_path / "neg" / "7.txt").write_bytes(b"fine\nsch\xf6n")
    with pytest.raises(UserError, match=re.escape("neg/7.txt, line 2: not UTF-8 text (byte 0xf6)")):
        load(sentiment, str(tmp_path))


def test_a_task_of_other_columns_has_no_use_for_labels(sentiment, tmp_path):
    write(tmp_path / "pos" / "1.txt", "fine")
    rated = dataclasses.replace(
        sentiment, inputs={**sentiment.inputs, "stars": Column("number", "how many")}
    )
    with pytest.raises(UserError, match=r"text and a label, but .* needs text, stars"):
        open_source(rated, str(tmp_path), Reading())


class TestImages:
    @pytest.fixture
    def captioning(self, sentiment):
        return dataclasses.replace(
            sentiment,
            inputs={"image": Column("image", "any")},
            targets={"caption": Column("text", "what it shows")},
            refusals=(),
        )

    @pytest.mark.parametrize("place", ["images", "."])
    @pytest.mark.parametrize("name", ["captions.csv", "train.csv"])
    def test_a_table_names_images_beside_it(self, captioning, png, tmp_path, place, name):
        (tmp_path / place).mkdir(exist_ok=True)
        pictures = [png(number) for number in range(40)]
        for number, picture in enumerate(pictures):
            (tmp_path / place / f"{number}.png").write_bytes(picture)
        lines = [f"{number}.png,what {number} shows" for number in range(40)]
        write(tmp_path / name, "\n".join(["image,caption", *lines]) + "\n")
        data = load(captioning, str(tmp_path))
        found = [row for rows in data.splits.values() for row in rows]
        assert len(found) == 40
        for row in found:
            assert row["image"] == pictures[int(row["caption"].split()[1])]

    def test_images_that_no_row_names_are_counted_in_a_line(self, captioning, png, tmp_path):
        """Of all splits together; a name may leave out the folder that an image lies in."""
        for number, place in enumerate(["images/0", "1", "deep/2", "images/3", "deep/4", "5"]):
            (tmp_path / place).parent.mkdir(exist_ok=True)
            (tmp_path / f"{place}.png").write_bytes(png(number))
        for split, names in {"train": ["0", "deep/2"], "valid": ["./1"], "test": ["4"]}.items():
            lines = "".join(f"{name}.png,a\n" for name in names)
            write(tmp_path / f"{split}.csv", f"image,caption\n{lines}")
        assert load(captioning, str(tmp_path)).notes == [
            f"2 images in or below {tmp_path.name} are named by no row and are not read; the "
            "first: 5.png"
        ]

    def test_an_image_that_is_not_there_is_an_unusable_row(self, captioning, png, tmp_path):
        (tmp_path / "0.png").write_bytes(png(0))
        write(tmp_path / "captions.csv", "image,caption\n0.png,a\n1.png,b\n")
        with pytest.raises(UserError, match=r"row 2: image names .1\.png., which is no"):
            load(captioning, str(tmp_path))

    def test_another_image_is_other_data(self, captioning, png, tmp_path):
        write(tmp_path / "captions.csv", "image,caption\n0.png,a\n")
        (tmp_path / "0.png").write_bytes(png(1))
        before = load(captioning, str(tmp_path)).fingerprint
        (tmp_path / "0.png").write_bytes(png(2))
        assert load(captioning, str(tmp_path)).fingerprint != before


@pytest.mark.shared_data
def test_a_folder_of_pictures_with_captions_by_split(sentiment, shared_data):
    captioning = dataclasses.replace(
        sentiment,
        inputs={"image": Column("image", "any")},
        targets={"caption": Column("text", "what it shows")},
        refusals=(),
    )
    source = open_source(captioning, str(shared_data / "captioning"), Reading())
    where, row = next(source.splits["valid"]())
    assert str(where) == "valid.csv, row 1"
    first = shared_data / "captioning" / "images" / "1022454332_6af2c1449a.jpg"
    assert row["image"].read() == (first.read_bytes(), None)
