"""The package as it is installed elsewhere."""

import configparser
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from the files that git would ship."""
    folder = tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    source = folder / "source"
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder)]
    subprocess.run([*command, str(source)], check=True, capture_output=True)
    [file] = folder.glob("*.whl")
    return file


def test_the_wheel_holds_seqapps_and_no_other_top_level_name(wheel):
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"seqapps"}


def test_the_wheel_holds_every_module_and_data_file(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "seqapps").rglob("*.py")}
    wanted |= {f"seqapps/{path.relative_to(ROOT)}" for path in (ROOT / "tasks").rglob("*.py")}
    wanted |= {"seqapps/py.typed", "seqapps/data/wheels.toml"}
    report = {*(ROOT / "seqapps/report").glob("*.jinja"), ROOT / "seqapps/report/style.css"}
    wanted |= {path.relative_to(ROOT).as_posix() for path in report}
    wanted |= {"seqapps/tasks/sentiment/README.md"}
    pages = (ROOT / "seqapps/playground").rglob("*.*")
    wanted |= {
        path.relative_to(ROOT).as_posix()
        for path in pages
        if path.suffix in (".jinja", ".js", ".css")
    }
    assert wanted - names == set()


def test_every_task_folder_is_packaged_and_registered():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    packages = config["options"]["packages"].split()
    registered = config["options.entry_points"]["seqapps.tasks"]
    for file in (ROOT / "tasks").glob("*/task.py"):
        name = file.parent.name
        assert f"seqapps.tasks.{name}" in packages
        assert f"{name} = seqapps.tasks.{name}.task:TASK" in registered


@pytest.mark.long
@pytest.mark.network
def test_pip_install_into_an_empty_environment_gives_a_working_command(wheel, tmp_path):
    venv.create(tmp_path / "empty", with_pip=True)
    tools = tmp_path / "empty" / "bin"
    subprocess.run([tools / "pip", "install", "--quiet", wheel], check=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

    def call(*arguments):
        return subprocess.run(
            [tools / "seqapps", *arguments],
            cwd=elsewhere, env=environment, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    assert "sentiment" in call("list")
    call("run", "sentiment", "--data", "sample:toy", "--set", "epochs=1", "--quiet")
    assert "positive" in call("predict", "sentiment", "--json", "The film is lovely")
