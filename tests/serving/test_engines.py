"""What TF Serving is started with; a stand-in takes the place of the program."""

import sys
import threading

import pytest

from seqapps.errors import UserError
from seqapps.serving import engines
from seqapps.serving.configuration import Configuration
from seqapps.serving.policy import parse


@pytest.fixture
def place(tmp_path):
    """A folder with the models a and b."""
    folder = tmp_path / "saved"
    for name in ("a", "b"):
        (folder / name / "1").mkdir(parents=True)
    return folder


@pytest.fixture
def written(place, tmp_path):
    """name -> (base path, versions) of the models.config that is written for these options."""

    def call(*, names=(), config=None, docker=False):
        where = tmp_path / "configuration"
        where.mkdir(exist_ok=True)
        Configuration(place, names=names, config=config, docker=docker).write(where)
        found = parse(where / "models.config").model_config_list.config
        return {
            one.name: (one.base_path, list(one.model_version_policy.specific.versions))
            for one in found
        }

    return call


@pytest.fixture
def own(tmp_path):
    """A models.config of a Docker set-up, with a model a that is pinned, and another folder c."""
    (tmp_path / "elsewhere").mkdir()
    file = tmp_path / "own.config"
    file.write_text(
        'model_config_list { config { name: "a" base_path: "/models/a" model_platform: "tensorflow"'
        " model_version_policy { specific { versions: 3 } } }"
        f' config {{ name: "c" base_path: "{tmp_path}/elsewhere" }} }}'
    )
    return file


def test_all_models_of_the_folder_are_served_or_those_that_are_named(place, written):
    assert written() == {"a": (f"{place}/a", []), "b": (f"{place}/b", [])}
    assert written(names=["b"], docker=True) == {"b": ("/models/b", [])}


def test_a_file_of_the_users_own_is_read_as_the_twin_reads_it(place, written, own, tmp_path):
    a, c = (f"{place}/a", [3]), (f"{tmp_path}/elsewhere", [])
    assert written(config=own) == {"a": a, "c": c}
    assert written(config=own, names=["a"]) == {"a": a}
    assert written(config=own, names=["b", "a"]) == {"b": (f"{place}/b", []), "a": a}
    assert written(config=own, names=["a"], docker=True) == {"a": ("/models/a", [3])}


def test_a_folder_that_docker_is_not_shown_is_told(written, own):
    with pytest.raises(UserError, match=r"base path of c is .*elsewhere, and Docker is shown"):
        written(config=own, docker=True)


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"model_config_list {"])
def test_a_file_that_cannot_be_read_is_told(written, tmp_path, content):
    file = tmp_path / "given.config"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError, match=f"{file}: not a models.config that can be read: "):
        written(config=file)


def test_what_is_published_later_is_written_while_the_program_runs(place, tmp_path):
    configuration, renewed = Configuration(place, names=(), config=None, docker=False), []
    configuration.write(tmp_path)
    until_c = (
        "import pathlib, sys, time\n"
        "while '\"c\"' not in pathlib.Path(sys.argv[1]).read_text(): time.sleep(0.01)\n"
    )

    def renew():
        renewed.append(threading.current_thread().name)
        if len(renewed) == 1:
            raise UserError("for now, the file cannot be read")
        (place / "c" / "1").mkdir(parents=True, exist_ok=True)
        configuration.renew(tmp_path)

    arguments = [sys.executable, "-c", until_c, str(tmp_path / "models.config")]
    assert engines.run(arguments, renew, every=0.01) == 0
    assert len(renewed) > 1 and "configuration" in renewed


@pytest.mark.parametrize("engine", ["tensorflow", "docker"])
def test_grpc_is_left_out_and_free_ports_are_found(place, tmp_path, engine):
    wanted = engines.Wanted(place, port=0, grpc_port=0, grpc=False)
    words = engines.command(engine, wanted, tmp_path)
    if engine == "tensorflow":  # which takes 0 for: not at all
        assert "--port=0" in words
        rest = next(word for word in words if word.startswith("--rest_api_port=")).partition("=")[2]
    else:
        assert words.count("-p") == 1
        rest = words[words.index("-p") + 1].split(":")[1]
    assert int(rest) > 0
