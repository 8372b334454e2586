"""Versions appear whole, once, under numbers that only grow."""

import shutil
import subprocess
import sys

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from seqapps.errors import UserError
from seqapps.export.publish import check_name, publish


@pytest.fixture
def candidate(tmp_path):
    """A folder shaped like an export, with an empty folder in it."""
    folder = tmp_path / "candidate"
    for name, content in CONTENT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "assets").mkdir()
    return folder


CONTENT = {
    "saved_model.pb": b"\x00graph",
    "variables/variables.index": b"index",
    "variables/variables.data-00000-of-00001": b"\xff" * 1009,
    "assets.extra/golden.json": b"[]\n",
}


@pytest.fixture
def output(tmp_path):
    return tmp_path / "saved_models"


def tree(folder):
    """{relative path: content, None for a folder}, hidden files included."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def versions(output, name="sentiment"):
    return sorted(int(path.name) for path in (output / name).iterdir() if path.name.isdecimal())


def models_config(output):
    text = (output / "models.config").read_text("utf-8")
    return text_format.Parse(text, model_server_config_pb2.ModelServerConfig())


def test_version_numbers_grow_from_one(candidate, output):
    assert [publish(candidate, output, "sentiment") for _ in range(3)] == [1, 2, 3]


def test_each_model_counts_its_own_versions(candidate, output):
    publish(candidate, output, "sentiment")
    assert publish(candidate, output, "emotion") == 1


def test_earlier_versions_stay(candidate, output):
    for _ in range(3):
        publish(candidate, output, "sentiment")
    assert versions(output) == [1, 2, 3]


def test_a_number_is_not_given_again_after_its_version_was_deleted(candidate, output):
    for _ in range(2):
        publish(candidate, output, "sentiment")
    shutil.rmtree(output / "sentiment" / "2")
    assert publish(candidate, output, "sentiment") == 3


def test_a_number_is_not_given_again_after_all_versions_were_deleted(candidate, output):
    for _ in range(2):
        publish(candidate, output, "sentiment")
    for number in ("1", "2"):
        shutil.rmtree(output / "sentiment" / number)
    assert publish(candidate, output, "sentiment") == 3


def test_versions_that_others_put_there_are_counted(candidate, output):
    (output / "sentiment" / "1600").mkdir(parents=True)
    assert publish(candidate, output, "sentiment") == 1601


def test_the_published_folder_equals_the_candidate_file_by_file(candidate, output):
    version = publish(candidate, output, "sentiment")
    assert tree(output / "sentiment" / str(version)) == tree(candidate)


def test_the_candidate_stays_as_it_was(candidate, output):
    before = tree(candidate)
    publish(candidate, output, "sentiment")
    assert tree(candidate) == before


def test_a_server_of_another_user_may_read_the_published_folder(candidate, output):
    """A temporary folder is closed to others; the rename must not keep it so."""
    candidate.chmod(0o755)
    version = publish(candidate, output, "sentiment")
    assert (output / "sentiment" / str(version)).stat().st_mode & 0o777 == 0o755


def test_models_config_lists_every_published_model_for_tf_serving(candidate, output):
    for name in ("sentiment", "emotion", "sentiment"):
        publish(candidate, output, name)
    configs = models_config(output).model_config_list.config
    assert [(config.name, config.base_path) for config in configs] == [
        ("emotion", "/models/emotion"),
        ("sentiment", "/models/sentiment"),
    ]


def test_models_config_asks_for_the_latest_version_of_a_tensorflow_model(candidate, output):
    publish(candidate, output, "sentiment")
    (config,) = models_config(output).model_config_list.config
    assert config.model_platform == "tensorflow"
    assert config.model_version_policy.latest.num_versions == 1


def test_models_config_leaves_out_folders_without_a_version(candidate, output):
    (output / "notes" / "drafts").mkdir(parents=True)
    publish(candidate, output, "sentiment")
    assert [config.name for config in models_config(output).model_config_list.config] == [
        "sentiment"
    ]


def test_an_output_that_cannot_be_written_is_the_users_to_change(candidate, tmp_path):
    """Below a regular file: a closed folder would not stop root."""
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserError, match=r"cannot be published there .* --output"):
        publish(candidate, tmp_path / "file" / "saved_models", "sentiment")


@pytest.mark.parametrize("name", ["sentiment", "Sentiment-2.0_en", "7", "a"])
def test_a_name_that_tf_serving_can_serve_passes(name):
    check_name(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "-x", "_x", "a/b", "../up", "a b", "a\n", "a\\b", 'a"b', "naïve"],
)
def test_a_name_that_tf_serving_cannot_serve_is_refused(name):
    with pytest.raises(UserError, match="--publish-as") as caught:
        check_name(name)
    assert repr(name) in str(caught.value)


def test_the_name_of_the_file_that_lists_the_models_is_refused():
    """A folder of that name would keep the file from being written, for every later publisher."""
    with pytest.raises(UserError, match=r"models\.config"):
        check_name("models.config")


class Killed(BaseException):
    """Stands for a signal: no `except Exception` catches it."""


@pytest.fixture
def killed_midway(candidate, output, monkeypatch):
    """An output where version 1 is published and publishing version 2 was cut off in copying."""
    publish(candidate, output, "sentiment")
    copytree = shutil.copytree

    def copy_some(source, target, **options):
        copytree(source / "variables", target / "variables", **options)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copytree", copy_some)
        with pytest.raises(Killed):
            publish(candidate, output, "sentiment")
    return output


def test_a_kill_while_copying_leaves_no_half_version(killed_midway):
    """TF Serving loads any folder with an integer name the moment it appears."""
    assert versions(killed_midway) == [1]


def test_a_kill_while_copying_leaves_the_earlier_version_whole(killed_midway, candidate):
    assert tree(killed_midway / "sentiment" / "1") == tree(candidate)


def test_publishing_works_after_a_kill(killed_midway, candidate):
    version = publish(candidate, killed_midway, "sentiment")
    assert tree(killed_midway / "sentiment" / str(version)) == tree(candidate)


def test_a_failure_while_copying_leaves_nothing_behind(killed_midway):
    assert not list((killed_midway / "sentiment").glob(".incoming*"))


def test_publishing_sweeps_what_a_hard_kill_left(candidate, output):
    """After `kill -9` no clean-up runs; the next publishing finds the half copy."""
    left = output / "sentiment" / ".incoming.seqapps-partial-k3j4_x9a"
    left.mkdir(parents=True)
    publish(candidate, output, "sentiment")
    assert not left.exists()


def test_processes_that_publish_at_once_get_a_version_each(candidate, output):
    script = (
        "import pathlib, sys; from seqapps.export.publish import publish; sys.stdin.readline(); "
        "print(publish(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), 'sentiment'))"
    )
    command = [sys.executable, "-c", script, str(candidate), str(output)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in processes:  # all have been started, and wait for this line
        process.stdin.write("go\n")
        process.stdin.flush()
    told = sorted(int(process.communicate()[0]) for process in processes)
    assert told == [1, 2, 3]
    for version in told:
        assert tree(output / "sentiment" / str(version)) == tree(candidate)
