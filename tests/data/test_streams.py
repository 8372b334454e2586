"""Rows go on where they ended: every step of every document once, states kept where they may."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from seqapps.data import paired, streams
from seqapps.data.streams import KEEP, LENGTH, START, Documents, goes_on_of, stream_source
from seqapps.errors import UserError
from seqapps.progress import SILENT
from seqapps.task import Column, Streams

BATCHING = Streams(lambda case, settings: len(case["text"]), lambda case: bool(case["context"]))
COLUMNS = {name: Column("text", "") for name in ("text", "context")}
TASK = SimpleNamespace(
    columns={**COLUMNS, "style": Column("integer", ""), "value": Column("number", "")},
    batching=BATCHING,
)
STEPS = 7

# Steps of the cases of each document.
SHAPES = {
    "one long document": [[83, 61, 101]],
    "many short ones": [[1 + number % 5] for number in range(53)],
    "all lengths": [[3, 17], [7], [14], [29, 2, 11], [1], [43]],
    "fewer windows than rows": [[5], [9]],
    "one step": [[1]],
}


def documents_of(shape, *, rows, steps=STEPS, seed=3):
    lengths = np.array([size for document in shape for size in document])
    goes_on = np.array([bool(place) for document in shape for place in range(len(document))])
    return Documents(lengths, goes_on, rows=rows, steps=steps, seed=seed)


def windows_of(documents, epoch=0):
    """int [batches, rows, 3]."""
    batch = documents.epoch(epoch)
    return np.stack([batch(number) for number in range(documents.batches)])


def owner_of(shape):
    """The document of each step."""
    return np.repeat(np.arange(len(shape)), [sum(document) for document in shape])


@pytest.fixture(params=SHAPES)
def shape(request):
    return SHAPES[request.param]


@pytest.fixture(params=[1, 3, 11])
def rows(request):
    return request.param


def test_an_epoch_covers_every_step_once(shape, rows):
    for epoch in (0, 1):
        windows = windows_of(documents_of(shape, rows=rows), epoch).reshape([-1, 3])
        seen = [np.arange(start, start + length) for start, length, _ in windows]
        np.testing.assert_array_equal(
            np.sort(np.concatenate(seen)), np.arange(len(owner_of(shape)))
        )


def test_no_window_crosses_a_document_or_is_too_long(shape, rows):
    owner = owner_of(shape)
    for start, length, _ in windows_of(documents_of(shape, rows=rows)).reshape([-1, 3]):
        assert length <= STEPS
        assert len(set(owner[start : start + length])) == (length > 0)


def test_a_state_is_kept_where_the_row_goes_on_in_its_document_and_nowhere_else(shape, rows):
    """What another reading of the windows, row by row, says of each."""
    owner, found = owner_of(shape), windows_of(documents_of(shape, rows=rows))
    kept = 0
    for row in range(rows):
        end, document = None, None  # of the row's window before
        for start, length, keep in found[:, row]:
            same = length > 0 and start == end and owner[start] == document
            assert keep == same
            end, document = start + length, owner[start]
            kept += same
    if rows == 1:  # nothing is cut: all but the first window of each document
        assert kept == sum(-(-sum(document) // STEPS) - 1 for document in shape)


def test_a_row_reads_a_document_in_its_order(shape, rows):
    owner, found = owner_of(shape), windows_of(documents_of(shape, rows=rows))
    for row in range(rows):
        real = found[found[:, row, LENGTH] > 0, row]
        for before, after in pairwise(real):
            if owner[before[START]] == owner[after[START]]:
                assert after[START] == before[START] + before[LENGTH]


def test_rows_are_equally_long(shape, rows):
    windows = (windows_of(documents_of(shape, rows=rows))[:, :, LENGTH] > 0).sum(axis=0)
    assert max(windows) - min(windows) <= 1


def test_the_batches_of_one_long_document_by_hand():
    """19 steps make windows of 7, 7 and 5; two rows share them 1 : 2."""
    found = windows_of(documents_of([[13, 6]], rows=2))
    assert found.tolist() == [[[0, 7, 0], [7, 7, 0]], [[0, 0, 0], [14, 5, 1]]]


def test_windows_depend_on_seed_and_epoch_only(shape):
    once = documents_of(shape, rows=3)
    again = documents_of(shape, rows=3)
    windows_of(again, epoch=0)  # asked before
    np.testing.assert_array_equal(windows_of(once, epoch=2), windows_of(again, epoch=2))


def test_every_epoch_and_seed_has_an_order_of_its_own():
    shape = SHAPES["many short ones"]
    orders = {
        windows_of(documents_of(shape, rows=3, seed=seed), epoch).tobytes()
        for seed in (0, 1)
        for epoch in (0, 1, 2)
    }
    assert len(orders) == 6


def test_documents_begin_where_cases_do_not_go_on():
    cases = [{"context": text} for text in ("", "before", "before", "", "")]
    assert goes_on_of(cases, BATCHING).tolist() == [False, True, True, False, False]


class Letters:
    """Ids of letters, two values for each of them, the case's style and value."""

    def pair(self, batch):
        ids = tf.strings.unicode_decode(batch["text"], "UTF-8").to_tensor(0)  # [batch, time]
        inputs = {
            "ids": ids,
            "keep": tf.zeros([tf.shape(ids)[0], 1]),
            "style": batch["style"],
            "value": tf.stack([batch["value"], -batch["value"]], axis=-1),
        }
        return inputs, tf.stack([ids, -ids], axis=-1)


def cases_of(shape):
    """Documents of letters; a case's style is its number, its value half of that."""
    random = np.random.default_rng(0)
    cases = []
    for document in shape:
        context = ""
        for size in document:
            text = "".join(random.choice(list("abcdef"), size))
            style, value = len(cases), len(cases) / 2
            cases.append({"text": text, "context": context, "style": style, "value": value})
            context = "before"
    return cases


def source_of(tmp_path, cases, *, max_memory=10**9, progress=SILENT, features=None):
    settings = SimpleNamespace(steps=STEPS)
    return stream_source(
        TASK, settings, features or Letters(), cases,
        folder=tmp_path, max_memory=max_memory, progress=progress,
    )  # fmt: skip


def read(source, windows):
    return [
        ({name: each.numpy() for name, each in inputs.items()}, targets.numpy())
        for inputs, targets in source(lambda: list(windows))
    ]


@pytest.mark.parametrize("max_memory", [10**9, 0], ids=["in memory", "on disk"])
def test_batches_hold_the_steps_of_their_windows(tmp_path, shape, rows, max_memory):
    cases = cases_of(shape)
    source = source_of(tmp_path, cases, max_memory=max_memory)
    text = np.array([ord(letter) for case in cases for letter in case["text"]])
    case_of = np.repeat(np.arange(len(cases)), [len(case["text"]) for case in cases])
    windows = windows_of(documents_of(shape, rows=rows))
    batches = read(source, windows)
    assert len(batches) == len(windows)
    for batch, (inputs, targets) in zip(windows, batches, strict=True):
        ids = np.zeros([rows, STEPS], int)
        for row, (start, length, _) in enumerate(batch):
            ids[row, :length] = text[start : start + length]
        np.testing.assert_array_equal(inputs["ids"], ids)
        np.testing.assert_array_equal(targets, np.stack([ids, -ids], axis=-1))
        np.testing.assert_array_equal(inputs["keep"], batch[:, KEEP:])
        style = case_of[batch[:, START]]
        np.testing.assert_array_equal(inputs["style"], style)
        np.testing.assert_array_equal(inputs["value"], np.stack([style / 2, -style / 2], axis=-1))
        assert [inputs[name].dtype for name in ("ids", "keep", "style")] == [
            "int32", "float32", "int32",
        ]  # fmt: skip
    assert source.lengths.tolist() == [len(case["text"]) for case in cases]
    assert list(tmp_path.iterdir()) == []  # the file has no name


@pytest.mark.parametrize("max_memory", [10**9, 0], ids=["in memory", "on disk"])
def test_ids_take_two_bytes_until_one_needs_more(tmp_path, monkeypatch, max_memory):
    """The last letter decides; targets, half of which are negative, always need more."""
    monkeypatch.setattr(streams, "AT_ONCE", 1)
    for last, size in (("f", 2), ("\U0001f40d", 4)):
        texts = ["abc", "de", "b", last]
        cases = [{"text": text, "context": "", "style": 0, "value": 0.0} for text in texts]
        source = source_of(tmp_path, cases, max_memory=max_memory)
        ids = [each.stretch(0, 7) for each in source._kept if each.free and not each.rest]
        assert [(each.dtype.itemsize, each.tolist()) for each in ids] == [
            (size, [ord(letter) for letter in "".join(texts)])
        ]
        windows = windows_of(
            Documents(source.lengths, np.zeros(4, bool), rows=2, steps=STEPS, seed=0)
        )
        inputs, targets = read(source, windows)[0]
        assert inputs["ids"].dtype == targets.dtype == "int32"
        np.testing.assert_array_equal(targets, np.stack([inputs["ids"], -inputs["ids"]], axis=-1))


def test_a_single_batch_is_as_in_the_pipeline(tmp_path):
    cases = cases_of(SHAPES["all lengths"])
    source, windows = source_of(tmp_path, cases), windows_of(documents_of([[29, 2, 11]], rows=3))
    for (inputs, targets), batch in zip(read(source, windows), windows, strict=True):
        others, other_targets = source.pair(batch)
        assert inputs.keys() == others.keys()
        for name, values in inputs.items():
            np.testing.assert_array_equal(values, others[name])
        np.testing.assert_array_equal(targets, other_targets)


def test_cases_without_a_step_leave_the_others_where_they_are(tmp_path, monkeypatch):
    """Such a case, of white space in words without marks, counts as one step of padding."""
    monkeypatch.setattr(streams, "AT_ONCE", 2)
    texts = ["abc", "", "", "", "def", "", ""]  # a group of empty ones, and one at the end
    cases = [{"text": text, "context": "", "style": 0, "value": 0.0} for text in texts]
    source = source_of(tmp_path, cases)
    assert source.lengths.tolist() == [3, 1, 1, 1, 3, 1, 1]
    documents = Documents(source.lengths, np.zeros(7, bool), rows=2, steps=STEPS, seed=0)
    found = [row for inputs, _ in read(source, windows_of(documents)) for row in inputs["ids"]]
    spelt = sorted("".join(map(chr, row[row > 0])) for row in found)
    assert [text for text in spelt if text] == ["abc", "def"]


def test_what_lies_on_the_disk_is_said(tmp_path):
    lines = []
    listens = SimpleNamespace(say=lines.append, track=SILENT.track)
    source_of(tmp_path, cases_of(SHAPES["all lengths"]), max_memory=0, progress=listens)
    (line,) = lines
    assert line.startswith("training: the tensors of 9 training cases, ")
    assert line.endswith(", are kept on disk; memory is given by --max-memory")


def test_a_full_disk_is_told_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(paired.shutil, "disk_usage", lambda folder: SimpleNamespace(free=0))
    with pytest.raises(UserError, match="fit neither memory nor the disk"):
        source_of(tmp_path, cases_of(SHAPES["all lengths"]), max_memory=0)
    assert list(tmp_path.iterdir()) == []


def test_tensors_that_cannot_be_cut_are_refused(tmp_path):
    class Spelt(Letters):
        def pair(self, batch):
            inputs, targets = super().pair(batch)
            return {**inputs, "text": batch["text"]}, targets

    with pytest.raises(TypeError, match="numbers, batch first"):
        source_of(tmp_path, cases_of(SHAPES["one step"]), features=Spelt())
