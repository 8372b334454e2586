"""A reader, or a kill at any moment, never meets half a file."""

import errno
import os
import stat

import pytest

from seqapps import files


@pytest.fixture
def umask():
    """Set the process's umask for one test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def fails(*arguments, **named):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_file_holds_what_was_written(tmp_path):
    files.write_bytes(tmp_path / "new" / "folder" / "file", b"\x00\r\n\xff")
    assert (tmp_path / "new" / "folder" / "file").read_bytes() == b"\x00\r\n\xff"


def test_text_is_written_as_utf8_without_changing_line_ends(tmp_path):
    files.write_text(tmp_path / "file", "größer\r\n한국어\n")
    assert (tmp_path / "file").read_bytes() == "größer\r\n한국어\n".encode()


def test_json_reads_back_equal(tmp_path):
    value = {"한국어": [1, 2.5, None, True, {"a": "ü\n"}]}
    files.write_json(tmp_path / "file.json", value)
    assert files.read_json(tmp_path / "file.json") == value


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_content_and_nothing_else(step, tmp_path, monkeypatch):
    files.write_text(tmp_path / "file", "old")
    target = os if step == "fsync" else files.Path
    monkeypatch.setattr(target, step, fails)
    with pytest.raises(OSError, match="No space left"):
        files.write_text(tmp_path / "file", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"


@pytest.fixture
def flushed(monkeypatch):
    """What was flushed to the disk or renamed, in that order: "file", "folder", "rename"."""
    real, replace, rename, found = os.fsync, files.Path.replace, files.Path.rename, []

    def fsync(descriptor):
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        found.append("folder" if folder else "file")
        real(descriptor)

    def noted(move):
        return lambda path, target: (found.append("rename"), move(path, target))

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(files.Path, "replace", noted(replace))
    monkeypatch.setattr(files.Path, "rename", noted(rename))
    return found


def test_a_power_cut_cannot_take_a_written_file_back(flushed, tmp_path):
    """The content is on the disk before its name, and the name before the writer says so."""
    files.write_text(tmp_path / "file", "x")
    assert flushed == ["file", "rename", "folder"]


def test_a_power_cut_cannot_take_a_whole_folder_back(flushed, tmp_path):
    """The file was not flushed by who wrote it, as those of a SavedModel are not."""
    with files.whole_folder(tmp_path / "folder") as staging:
        (staging / "file").write_text("x")
    assert flushed == ["file", "folder", "rename", "folder"]


def test_new_folders_of_a_written_file_are_flushed_as_well(flushed, tmp_path):
    files.write_text(tmp_path / "new" / "newer" / "file", "x")
    assert flushed == ["folder", "folder", "file", "rename", "folder"]


def test_a_full_disk_is_told_with_the_file(tmp_path, monkeypatch):
    """The system names no file where writing fails, only where opening does."""
    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="No space left") as error:
        files.write_text(tmp_path / "file", "x")
    assert (error.value.errno, error.value.filename) == (errno.ENOSPC, str(tmp_path / "file"))


def test_a_value_that_json_cannot_hold_leaves_the_old_file(tmp_path):
    files.write_json(tmp_path / "file", 3)
    with pytest.raises(TypeError):
        files.write_json(tmp_path / "file", {"a": object()})
    assert files.read_json(tmp_path / "file") == 3


@pytest.mark.parametrize(("mask", "expected"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_written_file_has_the_bits_that_the_umask_leaves(mask, expected, tmp_path, umask):
    umask(mask)
    files.write_text(tmp_path / "file", "x")
    assert mode(tmp_path / "file") == expected


@pytest.mark.parametrize(("mask", "expected"), [(0o022, 0o755), (0o077, 0o700), (0o002, 0o775)])
def test_a_whole_folder_has_the_bits_that_the_umask_leaves(mask, expected, tmp_path, umask):
    umask(mask)
    with files.whole_folder(tmp_path / "folder"):
        pass
    assert mode(tmp_path / "folder") == expected


def test_the_umask_is_what_it_was_before(tmp_path, umask):
    umask(0o027)
    files.write_text(tmp_path / "file", "x")
    assert umask(0o022) == 0o027


def test_a_whole_folder_is_not_seen_before_it_is_whole(tmp_path):
    with files.whole_folder(tmp_path / "folder") as staging:
        (staging / "file").write_text("x")
        assert not (tmp_path / "folder").exists()
    assert (tmp_path / "folder" / "file").read_text() == "x"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def stopped_in_a_whole_folder(path):
    with files.whole_folder(path) as staging:
        (staging / "file").write_text("x")
        raise KeyboardInterrupt


def test_a_folder_that_fails_vanishes(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        stopped_in_a_whole_folder(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_fails_leaves_the_one_before(tmp_path):
    with files.whole_folder(tmp_path / "folder") as staging:
        (staging / "old").write_text("x")
    with pytest.raises(KeyboardInterrupt):
        stopped_in_a_whole_folder(tmp_path / "folder")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == [
        "folder",
        "folder/old",
    ]


def test_a_whole_folder_replaces_the_one_before(tmp_path):
    for name in ("old", "new"):
        with files.whole_folder(tmp_path / "folder") as staging:
            (staging / name).write_text("x")
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["new"]


def test_sweep_removes_what_a_killed_writer_left(tmp_path, monkeypatch):
    """The leftovers are those of the real writers, whose own tidying is taken from them here."""
    with monkeypatch.context() as patch:
        patch.setattr(files.Path, "replace", fails)
        patch.setattr(files.Path, "unlink", lambda *a, **k: None)
        patch.setattr(files.shutil, "rmtree", lambda *a, **k: None)
        with pytest.raises(OSError, match="No space left"):
            files.write_text(tmp_path / "run.toml", "x")
        with pytest.raises(KeyboardInterrupt):
            stopped_in_a_whole_folder(tmp_path / "features")
    assert len(list(tmp_path.iterdir())) == 2
    files.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_sweep_leaves_everything_else(tmp_path):
    kept = ["run.toml", ".hidden", ".gitignore", ".env.local", "a.12345678", ".a.123456789"]
    for name in kept:
        (tmp_path / name).write_text("x")
    (tmp_path / "inner").mkdir()
    files.sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*kept, "inner"}


def test_a_digest_depends_on_names_and_contents_and_not_on_the_place(tmp_path):
    def tree(name: str, **contents: str) -> str:
        (tmp_path / name / "inner").mkdir(parents=True)
        for file, content in contents.items():
            (tmp_path / name / "inner" / f"{file}.py").write_text(content)
        return files.digest_of_tree(tmp_path / name, "*.py")

    one = tree("one", a="x", b="y")
    assert tree("same", b="y", a="x") == one
    assert tree("other_content", a="x", b="z") != one
    assert tree("other_name", a="x", c="y") != one
    assert tree("swapped", a="y", b="x") != one


def test_a_digest_looks_at_matching_files_only(tmp_path):
    (tmp_path / "a.py").write_text("x")
    before = files.digest_of_tree(tmp_path, "*.py")
    (tmp_path / "notes.txt").write_text("y")
    assert files.digest_of_tree(tmp_path, "*.py") == before
    assert files.digest_of_tree(tmp_path, "*") != before


def test_a_digest_may_leave_out_one_folder_at_the_top(tmp_path):
    """A folder of that name further down counts."""
    (tmp_path / "a.py").write_text("x")
    before = files.digest_of_tree(tmp_path, "*.py")
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "b.py").write_text("y")
    assert files.digest_of_tree(tmp_path, "*.py", leave_out="tasks") == before
    (tmp_path / "inner" / "tasks").mkdir(parents=True)
    (tmp_path / "inner" / "tasks" / "b.py").write_text("y")
    assert files.digest_of_tree(tmp_path, "*.py", leave_out="tasks") != before
