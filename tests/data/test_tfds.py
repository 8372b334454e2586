"""Data sets of TensorFlow Datasets: by their files, with the way out where they are not there."""

import contextlib
import functools
import http.server
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqapps.data import tfds as ours
from seqapps.data import tfds_reach
from seqapps.data.load import load
from seqapps.data.source import Reading, open_source
from seqapps.errors import UserError
from seqapps.task import Column

# TFDS and what it imports, not us.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*:PendingDeprecationWarning"),
]
COUNT = {"train": 701, "validation": 83, "test": 97, "unsupervised": 31}


def says(*parts: str) -> Any:
    """A UserError whose message holds all parts, in this order."""
    return pytest.raises(UserError, match="(?s)" + ".*".join(map(re.escape, parts)))


def text_of(split: str, number: int) -> str:
    return f"{split} sentence {number} héllo"


def label_of(number: int) -> str:
    return ("neg", "pos")[number % 2]


@functools.cache
def builders() -> dict[str, Any]:
    """Builder classes by name, made late: TFDS is not imported while tests are collected."""
    import tensorflow_datasets as tfds

    class Base(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version("1.2.3")
        FEATURES: Any = None
        KEYS: Any = None
        SPLITS: Any = COUNT

        def _info(self):
            return tfds.core.DatasetInfo(
                builder=self,
                features=tfds.features.FeaturesDict(self.FEATURES),
                supervised_keys=self.KEYS,
                disable_shuffling=True,
            )

        def _split_generators(self, dl_manager):
            return {split: self._generate_examples(split) for split in self.SPLITS}

        def _generate_examples(self, split):
            for number in range(self.SPLITS[split]):
                yield number, self.row(split, number)

    def labels():
        return tfds.features.ClassLabel(names=["neg", "pos"])

    class SeqappsNamed(Base):
        """Features that are named as the task's columns are."""

        FEATURES = {"text": tfds.features.Text(), "label": labels(), "film": np.int64}  # noqa: RUF012

        def row(self, split, number):
            known = split != "unsupervised"
            return {
                "text": text_of(split, number),
                "label": number % 2 if known else -1,
                "film": number // 3,
            }

    class SeqappsSupervised(Base):
        """Features of other names, and which of them are input and target."""

        FEATURES = {"sentence": tfds.features.Text(), "mood": labels()}  # noqa: RUF012
        KEYS = ("sentence", "mood")
        SPLITS = {"train": 701, "dev": 83, "test": 97}  # noqa: RUF012

        def row(self, split, number):
            # As GLUE: the labels of the test split are not public.
            mood = number % 2 if split != "test" else -1
            return {"sentence": text_of(split, number), "mood": mood}

    class SeqappsPictures(Base):
        """An image, nested features, sequences."""

        FEATURES = {  # noqa: RUF012
            "image": tfds.features.Image(shape=(None, None, 3)),
            "about": {"kind": labels(), "score": np.float32, "other": tfds.features.Image()},
            "steps": tfds.features.Sequence(np.float32),
            "words": tfds.features.Sequence({"word": tfds.features.Text()}),
            "inside": tfds.features.Dataset({"a": np.int64}),
        }
        SPLITS = {"everything": 7}  # noqa: RUF012

        def row(self, split, number):
            picture = np.full((2, 3, 3), number, "uint8")
            return {
                "image": picture,
                "about": {"kind": number % 2, "score": number / 2, "other": picture},
                "steps": np.arange(number, dtype="float32"),
                "words": {"word": [f"word {number}"] * number},
                "inside": [{"a": number}],
            }

    class SeqappsConfigured(Base):
        """Two configurations."""

        FEATURES = {"text": tfds.features.Text(), "label": labels()}  # noqa: RUF012
        SPLITS = {"train": 7}  # noqa: RUF012
        BUILDER_CONFIGS = [  # noqa: RUF012
            tfds.core.BuilderConfig(name="short"), tfds.core.BuilderConfig(name="long")
        ]  # fmt: skip

        def row(self, split, number):
            return {"text": f"{self.builder_config.name} {number}", "label": number % 2}

    class SeqappsFetched(SeqappsNamed):
        """One file is downloaded from `url`."""

        url = ""

        def _split_generators(self, dl_manager):
            self.text = Path(dl_manager.download(self.url)).read_text()
            return super()._split_generators(dl_manager)

        def row(self, split, number):
            return super().row(split, number) | {"text": f"{self.text} {split} {number}"}

    class SeqappsManual(SeqappsNamed):
        MANUAL_DOWNLOAD_INSTRUCTIONS = "Register at the library, then save reviews.zip."

        def _split_generators(self, dl_manager):
            return {"train": dl_manager.manual_dir}

    made = (
        SeqappsNamed, SeqappsSupervised, SeqappsPictures, SeqappsConfigured, SeqappsFetched,
        SeqappsManual,
    )  # fmt: skip
    return {cls.name: cls for cls in made}


@pytest.fixture(scope="module", autouse=True)
def _known():
    builders()


def prepare(name: str, folder: Path, *, file_format: str | None = None, **given: Any) -> Any:
    builder = builders()[name](data_dir=folder, **given)
    with ours._silent(), ours._quiet():
        builder.download_and_prepare(file_format=file_format)
    return builder


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    for name in ("seqapps_named", "seqapps_supervised", "seqapps_pictures"):
        prepare(name, folder)
    prepare("seqapps_configured", folder, config="long")
    return folder


@pytest.fixture
def copied(prepared, tmp_path):
    """A copy that may be damaged."""
    return Path(shutil.copytree(prepared, tmp_path / "copied"))


@pytest.fixture
def pictures(sentiment):
    """A task of several kinds of columns."""
    inputs = {
        "image": Column("image", "a picture"),
        "steps": Column("series", "numbers", shape=(None,)),
        "score": Column("number", "a number"),
    }
    return replace(sentiment, inputs=inputs, targets={"kind": Column("category", "what it is")})


def rows_of(found, split):
    return [row for _, row in found.splits[split]()]


# what is read


def test_rows_come_in_the_order_of_the_files_with_names_for_labels(sentiment, prepared):
    data = load(sentiment, "tfds:seqapps_named", Reading(data_dir=prepared))
    for name, split in (("train", "train"), ("valid", "validation"), ("test", "test")):
        assert [(row["text"], row["label"]) for row in data.splits[name]] == [
            (text_of(split, number), label_of(number)) for number in range(COUNT[split])
        ]
    assert data.spec == data.name == "tfds:seqapps_named:1.2.3"
    assert data.notes == ["the split 'unsupervised' is left out (31 rows)"]


def test_a_row_says_where_it_is(sentiment, prepared):
    found = open_source(sentiment, "tfds:seqapps_named", Reading(data_dir=prepared))
    where, row = list(found.splits["valid"]())[4]
    assert str(where) == "tfds:seqapps_named validation, row 5"
    assert row == {"text": text_of("validation", 4), "label": "neg"}
    assert found.columns == ["film", "label", "text"]


def test_the_group_is_read_too(sentiment, prepared):
    reading = Reading(data_dir=prepared, group="film")
    found = open_source(sentiment, "tfds:seqapps_named", reading)
    assert rows_of(found, "train")[7] == {"text": text_of("train", 7), "label": "pos", "film": 2}


def test_input_and_target_of_other_names_are_found_by_position(sentiment, prepared):
    found = open_source(sentiment, "tfds:seqapps_supervised", Reading(data_dir=prepared))
    assert rows_of(found, "valid")[1] == {"text": text_of("dev", 1), "label": "pos"}
    assert found.notes[:2] == [
        "text is read from the feature 'sentence' (--column text=NAME for another)",
        "label is read from the feature 'mood' (--column label=NAME for another)",
    ]


def test_a_split_without_labels_is_left_out_and_said(sentiment, prepared):
    found = open_source(sentiment, "tfds:seqapps_supervised", Reading(data_dir=prepared))
    assert list(found.splits) == ["train", "valid"]
    assert found.notes[2] == "the split 'test' is left out: its rows have no label"


def test_columns_can_be_named_also_nested_ones(pictures, prepared):
    columns = {"kind": "about/kind", "score": "about/score"}
    reading = Reading(data_dir=prepared, columns=columns)
    found = open_source(pictures, "tfds:seqapps_pictures", reading)
    rows = rows_of(found, None)  # the only split, of a name that says nothing
    assert [(row["kind"], row["score"]) for row in rows] == [
        (label_of(number), number / 2) for number in range(7)
    ]
    assert all(row["image"].startswith(b"\x89PNG") for row in rows)  # not decoded
    for number, row in enumerate(rows):
        np.testing.assert_array_equal(row["steps"], np.arange(number, dtype="float32"))


def test_images_of_one_shape_are_read_in_batches(pictures, prepared):
    task = replace(pictures, inputs={"image": pictures.inputs["image"]})
    reading = Reading(data_dir=prepared, columns={"kind": "about/kind", "image": "about/other"})
    rows = rows_of(open_source(task, "tfds:seqapps_pictures", reading), None)
    assert [row["kind"] for row in rows] == [label_of(number) for number in range(7)]
    assert len({row["image"] for row in rows}) == 7


def test_a_sequence_of_texts_is_a_list(sentiment, prepared):
    reading = Reading(data_dir=prepared, columns={"text": "words/word", "label": "about/kind"})
    rows = rows_of(open_source(sentiment, "tfds:seqapps_pictures", reading), None)
    assert rows[2]["text"] == ["word 2", "word 2"]


def test_array_records_are_read_as_well(sentiment, tmp_path):
    prepare("seqapps_named", tmp_path, file_format="array_record")
    found = open_source(sentiment, "tfds:seqapps_named", Reading(data_dir=tmp_path))
    assert rows_of(found, "test") == [
        {"text": text_of("test", number), "label": label_of(number)} for number in range(97)
    ]


def test_text_that_is_not_utf8_is_a_bad_row_with_its_place():
    assert ours._text("héllo".encode()) == "héllo"
    assert ours._text(b"x" * 100 + b"\xff" + b"y" * 100) == b"x" * 20 + b"\xff" + b"y" * 19


def test_the_digest_changes_with_the_files(sentiment, copied):
    def digest():
        reading = Reading(data_dir=copied)
        return open_source(sentiment, "tfds:seqapps_named", reading).content()

    first = digest()
    assert digest() == first
    (shard,) = (copied / "seqapps_named" / "1.2.3").glob("*-test.*")
    os.utime(shard, (1, 1))
    assert digest() != first


# which set


def test_the_configuration_that_is_prepared_is_read(sentiment, prepared):
    reading = Reading(data_dir=prepared)
    found = open_source(sentiment, "tfds:seqapps_configured/long", reading)
    assert found.spec == "tfds:seqapps_configured/long:1.2.3"
    assert [row["text"] for row in rows_of(found, "train")] == [f"long {n}" for n in range(7)]


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("tfds:imdb_review", ["knows none of that name", "Did you mean 'imdb_reviews'"]),
        (
            "tfds:seqapps_name",
            ["Did you mean 'seqapps_named'", "Prepared in", "seqapps_named:1.2.3"],
        ),
        ("tfds:seqapps_configured/lang", ["no configuration 'lang'", "Did you mean 'long'?"]),
        ("tfds:seqapps_named:9.9.9", ["no version 9.9.9", "can make 1.2.3", "Prepared in"]),
        ("tfds:seqapps_named[:10]", ["expected tfds:NAME[/CONFIG][:VERSION]"]),
    ],
)
def test_a_typo_names_what_is_nearest(sentiment, prepared, spec, parts):
    with says(f"--data {spec}", *parts):
        open_source(sentiment, spec, Reading(data_dir=prepared))


def test_a_missing_column_names_those_that_are_there(sentiment, prepared):
    reading = Reading(data_dir=prepared, columns={"label": "mod"})
    with says("no feature 'mod'; found mood, sentence.", "--column label=NAME"):
        open_source(sentiment, "tfds:seqapps_supervised", reading)
    reading = Reading(data_dir=prepared, group="movie")
    with says("no feature 'movie'; found film, label, text.", "--group"):
        open_source(sentiment, "tfds:seqapps_named", reading)
    reading = Reading(data_dir=prepared, columns={"text": "inside", "label": "about/kind"})
    with says("'inside' is a data set of its own in every row"):
        open_source(sentiment, "tfds:seqapps_pictures", reading)


def test_a_folder_that_is_not_there_or_too_deep(sentiment, prepared, tmp_path):
    with says("--data-dir", "no such folder"):
        open_source(sentiment, "tfds:seqapps_named", Reading(data_dir=tmp_path / "no"))
    inside = prepared / "seqapps_named" / "1.2.3"
    with says("inside the data set's own folder", f"--data-dir {prepared}."):
        open_source(sentiment, "tfds:seqapps_named", Reading(data_dir=inside))


# damage


def shard(folder: Path, split: str) -> Path:
    (found,) = (folder / "seqapps_named" / "1.2.3").glob(f"*-{split}.*")
    return found


def test_a_missing_shard_is_told_before_anything_is_read(sentiment, copied):
    gone = shard(copied, "test")
    gone.unlink()
    with says("1 of 1 files of the split 'test' is missing", str(gone)):
        open_source(sentiment, "tfds:seqapps_named", Reading(data_dir=copied))


def test_a_shard_that_is_cut_off_is_told_before_anything_is_read(sentiment, copied):
    cut = shard(copied, "train")
    os.truncate(cut, cut.stat().st_size // 2)
    with says("the files of the split 'train'", "they are cut off"):
        open_source(sentiment, "tfds:seqapps_named", Reading(data_dir=copied))


def test_a_shard_that_lacks_a_little_is_told_with_the_place(sentiment, copied):
    cut = shard(copied, "train")
    os.truncate(cut, cut.stat().st_size - 9)
    with says("tfds:seqapps_named train, after row", "cannot be read", "Copy the folder anew"):
        load(sentiment, "tfds:seqapps_named", Reading(data_dir=copied))


@pytest.mark.parametrize("name", ["dataset_info.json", "features.json"])
def test_a_description_that_is_missing_or_no_json_is_told(sentiment, copied, name):
    file = copied / "seqapps_named" / "1.2.3" / name
    file.write_text("{")
    with says("tfds:seqapps_named", "cannot be read"):
        open_source(sentiment, "tfds:seqapps_named", Reading(data_dir=copied))
    file.unlink()
    with says("tfds:seqapps_named", "Copy the folder anew"):
        open_source(sentiment, "tfds:seqapps_named", Reading(data_dir=copied))


# fetching


@pytest.fixture
def fetched_from(monkeypatch):
    """Let `seqapps_fetched` download from an address."""
    monkeypatch.setenv("NO_PROXY", "*")

    def set_url(url):
        monkeypatch.setattr(builders()["seqapps_fetched"], "url", url)

    return set_url


def test_without_a_network_the_way_out_is_told_within_seconds(
    sentiment, fetched_from, tmp_path, capfd
):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    fetched_from(f"http://127.0.0.1:{port}/reviews.txt")  # nobody listens there any more
    began = time.monotonic()
    with says(
        "--data tfds:seqapps_fetched: not prepared in", "127.0.0.1 cannot be reached",
        "Connection refused", "tfds.builder('seqapps_fetched:1.2.3', data_dir='prepared')",
        "--data-dir FOLDER",
    ):  # fmt: skip
        open_source(sentiment, "tfds:seqapps_fetched", Reading(data_dir=tmp_path))
    assert time.monotonic() - began < 8
    assert capfd.readouterr() == ("", "")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_name_that_is_looked_up_for_ever_is_given_up(
    sentiment, fetched_from, tmp_path, monkeypatch
):
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: done.wait(30) and [])
    monkeypatch.setattr(tfds_reach, "TOGETHER", 0.2)
    fetched_from("https://data.example/reviews.txt")
    with says("data.example cannot be reached (no answer within"):
        open_source(sentiment, "tfds:seqapps_fetched", Reading(data_dir=tmp_path))
    done.set()


@contextlib.contextmanager
def slow_server(seconds: float):
    """The address of a server that answers late."""

    class Late(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            time.sleep(seconds)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(200)
                self.send_header("Content-Length", "7")
                self.end_headers()
                self.wfile.write(b"fetched")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Late) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/reviews.txt"
        finally:
            server.shutdown()
            thread.join()


def test_a_slow_server_is_waited_for_and_the_set_prepared(
    sentiment, fetched_from, tmp_path, monkeypatch, capfd
):
    monkeypatch.setattr(tfds_reach, "ANSWER", 0.1)
    with slow_server(0.4) as url:
        fetched_from(url)
        found = open_source(sentiment, "tfds:seqapps_fetched", Reading(data_dir=tmp_path))
    assert rows_of(found, "test")[1] == {"text": "fetched test 1", "label": "pos"}
    assert capfd.readouterr() == ("", "")


def test_a_set_that_has_to_be_fetched_by_hand_says_how(sentiment, tmp_path):
    with says("TFDS cannot fetch it by itself", "downloads/manual", "Register at the library"):
        open_source(sentiment, "tfds:seqapps_manual", Reading(data_dir=tmp_path))


# the command line, in a process that does not know the builders


@pytest.mark.long
def test_a_prepared_set_is_trained_on_where_its_code_is_not_known(prepared, tmp_path):
    tiny = [f"--set={pair}" for pair in ("epochs=1", "units=3", "embedding=5")]
    done = subprocess.run(
        [
            sys.executable, "-c", "from seqapps.cli import main; main()", "train", "sentiment",
            "--data", "tfds:seqapps_supervised", "--data-dir", str(prepared),
            "--cache", str(tmp_path / "cache"), *tiny,
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "tfds:seqapps_supervised:1.2.3: " in done.stderr
    for noise in ("absl", "WARNING", "Downloading", "deprecated"):
        assert noise not in done.stderr + done.stdout
