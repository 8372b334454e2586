"""Features on disk: what was put is found whole, whoever was killed, clears or writes as well."""

import hashlib
import os
import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import pytest
from told import Told

from seqapps.data import feature_store
from seqapps.data.feature_store import Store, clear, entries

# Rows first to last, each written by itself, whose content follows from the number.
WRITING = """
import sys
from seqapps.data import feature_store
from seqapps.data.feature_store import Store
from tests_content import content, key
feature_store.SECONDS = 0.0
store, first, last = Store("encoder", [1]), *map(int, sys.argv[1:])
for number in range(first, last):
    store.put({key(number): content(number)})
    print(number, flush=True)
store.close()
"""
CONTENT = """
import hashlib
def key(number):
    return hashlib.sha256(str(number).encode()).digest()
def content(number):
    return key(number) * 1021
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A cache of the test's own."""
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "features"


@pytest.fixture
def writing(tmp_path):
    """Starts a process that writes rows."""
    (tmp_path / "tests_content.py").write_text(CONTENT)
    path = os.pathsep.join([str(tmp_path), *sys.path])

    def start(first, last):
        return subprocess.Popen(
            [sys.executable, "-c", WRITING, str(first), str(last)],
            env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    return start


def key(number):
    return hashlib.sha256(str(number).encode()).digest()


def content(number):
    return key(number) * 1021


def put(*numbers, decided_by=(1,), progress=None):
    store = Store("encoder", decided_by, progress=progress or Told())
    store.put({key(number): content(number) for number in numbers})
    store.close()
    return store


def found(*numbers, decided_by=(1,), progress=None):
    store = Store("encoder", decided_by, progress=progress or Told())
    values = store.get([key(number) for number in numbers])
    store.close()
    return [value == content(number) if value else None
            for number, value in zip(numbers, values, strict=True)]  # fmt: skip


def test_rows_are_found_by_who_makes_them_alike_and_by_nobody_else():
    put(2, 3)
    put(5, decided_by=(2,))
    assert found(2, 3, 5) == [True, True, None]
    assert found(2, 5, decided_by=(2,)) == [None, True]
    assert sorted(entry.rows for entry in entries()) == [1, 2]


def test_a_row_is_found_before_it_is_on_the_disk():
    store = Store("encoder", [1])
    store.put({key(3): content(3)})
    assert store.get([key(3), key(5)]) == [content(3), None]
    assert found(3) == [None]
    store.close()
    assert found(3) == [True]


def test_a_closed_store_is_opened_again_when_it_is_asked():
    store = put(2)
    assert store.get([key(2)]) == [content(2)]
    store.put({key(3): content(3)})
    store.close()
    assert found(2, 3) == [True, True]


def test_a_killed_process_leaves_whole_rows(writing):
    process = writing(0, 10**6)
    numbers = [int(process.stdout.readline()) for _ in range(23)]
    process.kill()
    process.wait()
    process.stdout.close()
    assert found(*numbers) == [True] * 23
    assert all(value is not False for value in found(*range(23, 1000)))
    put(10**6)
    assert found(10**6) == [True]


def test_processes_that_write_the_same_rows_at_once_do_not_harm_each_other(writing):
    both = [writing(0, 53), writing(31, 97)]
    for process in both:
        process.communicate()
        assert process.returncode == 0
    assert found(*range(97)) == [True] * 97
    assert [entry.rows for entry in entries()] == [97]


def test_a_file_that_is_none_is_made_anew(place):
    file, told = put(3).file, Told()
    file.write_bytes(b"no database" * 1000)
    assert entries() == []
    assert found(3, progress=told) == [None]
    assert [f"{file} is damaged; it is made anew" in line for line in told.lines] == [True]
    put(3)
    assert found(3) == [True]


def test_a_row_that_has_changed_on_the_disk_is_not_taken():
    file = put(2, 3).file
    written = file.read_bytes()
    at = written.index(content(3)[:1000]) + 7
    file.write_bytes(written[:at] + bytes([written[at] ^ 1]) + written[at + 1 :])
    assert found(2, 3) == [True, None]
    put(3)
    assert found(2, 3) == [True, True]


def test_a_disk_that_is_nearly_full_is_not_filled(monkeypatch):
    put(2)
    little = SimpleNamespace(free=feature_store.LEFT_FREE)
    monkeypatch.setattr(feature_store.shutil, "disk_usage", lambda folder: little)
    told = Told()
    store = put(3, progress=told)
    store.put({key(5): content(5)})
    store.close()
    assert ["features are not kept for later runs" in line for line in told.lines] == [True]
    assert found(2, 3, 5) == [True, None, None]


def test_a_cache_that_cannot_be_written_is_told_and_nothing_fails(place):
    place.parent.mkdir()
    place.write_text("a file where the folder should be")
    told = Told()
    store = put(3, progress=told)
    assert store.get([key(3)]) == [None]
    assert ["features are not kept for later runs" in line for line in told.lines] == [True]


def test_what_is_cleared_while_a_run_has_it_open_is_made_again_by_that_run():
    store = Store("encoder", [1])
    store.put({key(2): content(2)})
    store.close()
    assert store.get([key(2)]) == [content(2)]  # it is open again
    before = store.file.stat().st_size
    clear(None)
    assert entries() == []
    assert store.file.stat().st_size < before
    assert store.get([key(2)]) == [None]
    store.put({key(2): content(2)})
    store.close()
    assert found(2) == [True]


def test_one_of_several_is_cleared_by_its_key():
    put(2)
    other = put(3, decided_by=(2,))
    clear([other.file.stem])
    assert found(2) == [True] and found(3, decided_by=(2,)) == [None]


def test_a_file_of_another_program_is_left_alone_by_the_list(place):
    put(2)
    with sqlite3.connect(place / "other.sqlite") as base:
        base.execute("CREATE TABLE letters (letter)")
    base.close()
    assert [entry.of for entry in entries()] == ["encoder"]
