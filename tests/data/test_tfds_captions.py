"""Captioning sets of TensorFlow Datasets: an image with a sequence of texts is one row."""

import functools
from typing import Any

import numpy as np
import pytest

from seqapps.data import tfds as ours
from seqapps.data.load import load
from seqapps.data.source import Reading, open_source
from seqapps.doctor.examine import examine

# TFDS and what it imports, not us.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*:PendingDeprecationWarning"),
]
COUNT = {"train": 101, "val": 13, "test": 17}


@functools.cache
def builders() -> dict[str, Any]:
    """Builder classes by name, made late: TFDS is not imported while tests are collected."""
    import tensorflow_datasets as tfds

    class Base(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version("1.2.3")

        def _info(self):
            return tfds.core.DatasetInfo(
                builder=self,
                features=tfds.features.FeaturesDict({
                    "image": tfds.features.Image(shape=(None, None, 3)), **self.texts()
                }),
                disable_shuffling=True,
            )  # fmt: skip

        def _split_generators(self, dl_manager):
            return {split: self._generate_examples(number) for number, split in enumerate(COUNT)}

        def _generate_examples(self, split):
            for number in range([*COUNT.values()][split]):
                picture = np.full((2, 3, 3), (split, number, 7), "uint8")
                yield number, {"image": picture, **self.row(number)}

    class SeqappsCoco(Base):
        """As coco_captions."""

        def texts(self):
            captions = {"id": tfds.features.Scalar(np.int64), "text": tfds.features.Text()}
            return {"image/filename": tfds.features.Text(),
                    "captions": tfds.features.Sequence(captions)}  # fmt: skip

        def row(self, number):
            captions = [{"id": k, "text": f"thing {number}  seen {k}"} for k in range(number % 5)]
            return {"image/filename": f"{number}.jpg", "captions": captions}

    class SeqappsListed(Base):
        """Texts directly in a sequence, under another name."""

        def texts(self):
            return {"caption": tfds.features.Sequence(tfds.features.Text())}

        def row(self, number):
            return {"caption": [f"thing {number}", "", f"Größe {number}"]}

    class SeqappsRepeated(Base):
        """An image again for each of its captions."""

        def texts(self):
            return {"text": tfds.features.Text()}

        def row(self, number):
            return {"text": f"thing {number}"}

        def _generate_examples(self, split):
            for number, (_, row) in enumerate(super()._generate_examples(split)):
                for seen in range(3):
                    yield 3 * number + seen, {**row, "text": f"{row['text']} {seen}"}

    return {cls.name: cls for cls in (SeqappsCoco, SeqappsListed, SeqappsRepeated)}


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    for builder in builders().values():
        with ours._silent(), ours._quiet():
            builder(data_dir=folder).download_and_prepare()
    return Reading(data_dir=folder)


def captions_of(source, split):
    return [row["captions"] for _, row in source.splits[split]()]


def test_a_sequence_of_texts_is_found_and_gathered(pictures, reading):
    source = open_source(pictures, "tfds:seqapps_coco", reading)
    assert source.taken == {"image_bytes": "image", "captions": "captions/text"}
    assert captions_of(source, "valid") == [
        "\n".join(f"thing {n} seen {k}" for k in range(n % 5)) for n in range(13)
    ]
    images = [row["image_bytes"] for _, row in source.splits["test"]()]
    assert len({*images}) == 17
    assert all(image.startswith(b"\x89PNG") for image in images)  # not decoded


def test_a_row_without_captions_is_counted(pictures, reading):
    data = load(pictures, "tfds:seqapps_coco", reading, most_rejected=0.3)
    assert data.rejected == 21 + 3 + 4
    first = data.entry.about["rejected"]["first"][0]
    assert first == ["tfds:seqapps_coco train, row 1", "there are no captions"]
    facts = examine(pictures, pictures.settings, data, reading=reading)
    assert facts["columns"]["taken"] == {"image_bytes": "image", "captions": "captions/text"}
    assert facts["lengths"]["captions"]["per row"]["most"] == 4


def test_texts_in_a_sequence_of_another_name(pictures, reading):
    source = open_source(pictures, "tfds:seqapps_listed", reading)
    assert source.taken["captions"] == "caption"
    rows = [
        row["captions"] for _, row in source.splits["valid"]() if isinstance(row["captions"], str)
    ]
    assert rows == [f"thing {n}\nGröße {n}" for n in range(13)]
    data = load(pictures, "tfds:seqapps_listed", reading, most_rejected=1.0)
    assert data.rejected == 101 + 13 + 17
    assert data.entry.about["rejected"]["first"][0] == [
        "tfds:seqapps_listed train, row 1", "the caption is empty"
    ]  # fmt: skip


def test_an_image_that_is_repeated_for_each_caption_is_one_row(pictures, reading):
    source = open_source(pictures, "tfds:seqapps_repeated", reading)
    expected = ["\n".join(f"thing {n} {seen}" for seen in range(3)) for n in range(13)]
    assert captions_of(source, "valid") == expected


@pytest.mark.parametrize("name", ["caption", "captions/text"])
def test_a_feature_may_be_named(name, pictures, reading):
    asked = {"caption": "seqapps_listed", "captions/text": "seqapps_coco"}[name]
    named = Reading(data_dir=reading.data_dir, columns={"captions": name})
    assert open_source(pictures, f"tfds:{asked}", named).taken["captions"] == name
