"""`seqapps new` makes what works, and says in a sentence why it does not where it cannot."""

import ast
import configparser
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from seqapps import checks, registry, scaffold
from seqapps.cli import main
from seqapps.errors import UserError
from seqapps.scaffold import LIKE, merged

RUFF = Path(sys.executable).with_name("ruff")
BOTH = pytest.mark.parametrize("make", [scaffold.package, scaffold.single_file])


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """Make a package and import it: its task module."""
    names = []

    def load(name, like):
        made = scaffold.package(name, like, folder=tmp_path)
        monkeypatch.syspath_prepend(made.path)
        monkeypatch.setenv("PYTHONPATH", str(made.path))  # of the process that looks at imports
        names.append(name)
        return importlib.import_module(f"{name}.task")

    yield load
    for module in [each for each in sys.modules if each.partition(".")[0] in names]:
        del sys.modules[module]


@pytest.mark.long
@pytest.mark.parametrize("like", LIKE)
def test_a_made_package_passes_the_conformance_suite(loaded, like):
    task = loaded("first_steps", like)
    assert checks.problems(task.TASK, file=Path(task.__file__)) == {}


@pytest.mark.long
@pytest.mark.parametrize("like", LIKE)
def test_a_made_file_passes_the_conformance_suite(tmp_path, like):
    made = scaffold.single_file(f"single_{like}", like, folder=tmp_path)
    registry.add_plugin(made.path)
    assert checks.problems(registry.load(f"single_{like}"), file=None) == {}


@pytest.mark.long
def test_the_example_of_the_documentation_passes_the_conformance_suite():
    registry.add_plugin(Path(__file__).parents[2] / "docs" / "examples" / "next_week.py")
    assert checks.problems(registry.load("next_week"), file=None) == {}


@pytest.mark.long
def test_make_test_passes_in_a_made_package(tmp_path):
    made = scaffold.package("as_made", "forecasting", folder=tmp_path)
    done = subprocess.run(
        ["make", "test", f"PYTHON={sys.executable}"], cwd=made.path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


@pytest.mark.parametrize("like", LIKE)
def test_the_package_and_the_single_file_are_the_same_task(loaded, tmp_path, like):
    package = loaded("twin", like).TASK
    registry.add_plugin(scaffold.single_file(f"one_{like}", like, folder=tmp_path).path)
    single = registry.load(f"one_{like}")
    for name in ("summary", "inputs", "targets", "answer", "row"):
        assert getattr(package, name) == getattr(single, name)
    assert str(package.settings) == str(single.settings)
    assert [*package.metrics] == [*single.metrics]


@pytest.mark.parametrize("like", LIKE)
def test_what_is_made_is_formatted_and_linted(tmp_path, like):
    package = scaffold.package("neat", like, folder=tmp_path)
    single = scaffold.single_file("tidy", like, folder=tmp_path)
    for made, what in ((package.path, "."), (tmp_path, single.path.name)):
        for command in (["format", "--check"], ["check", "--select", "E,F,I,UP,B,SIM,RET"]):
            done = subprocess.run(
                [RUFF, *command, "--isolated", "--line-length", "100", what],
                cwd=made, capture_output=True, text=True,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout


@BOTH
@pytest.mark.parametrize("like", LIKE)
def test_three_places_are_left_to_fill_in(tmp_path, like, make):
    to_do = make("fresh", like, folder=tmp_path).to_do
    assert [text[:11] for _, _, text in to_do] == ["TODO 1 of 3", "TODO 2 of 3", "TODO 3 of 3"]
    for file, line, text in to_do:
        assert file.read_text().split("\n")[line - 1] == f"# {text}"


def test_the_entry_point_names_a_module_that_is_there(tmp_path):
    made = scaffold.package("found", "sentiment", folder=tmp_path)
    config = configparser.ConfigParser()
    config.read(made.path / "setup.cfg")
    assert config["options.entry_points"]["seqapps.tasks"].strip() == "found = found.task:TASK"
    assert (made.path / "found" / "task.py").is_file()
    assert config["options"]["packages"].split() == ["found"]


def test_importing_a_made_task_needs_no_tensorflow(tmp_path):
    for like in LIKE:
        made = scaffold.package(f"light_{like}", like, folder=tmp_path)
        tree = ast.parse((made.path / f"light_{like}" / "task.py").read_text())
        top = {ast.unparse(node).split()[1].partition(".")[0] for node in tree.body
               if isinstance(node, ast.Import | ast.ImportFrom)}  # fmt: skip
        assert not top & {"tensorflow", "keras", "numpy"}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("sentiment", "There is a task sentiment already, of seqapps"),
        ("class", "cannot be the name of a task"),
        ("My-Task", "cannot be the name of a task"),
        ("2nd", "cannot be the name of a task"),
        ("../up", "cannot be the name of a task"),
        ("json", "json is the name of an installed Python module"),
        ("keras", "keras is the name of an installed Python module"),
        ("taken", "it is there already"),
    ],
)
@BOTH
def test_a_name_that_cannot_be_is_told_and_nothing_is_made(tmp_path, make, name, says):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken.py").write_text("mine")
    with pytest.raises(UserError, match=says) as told:
        make(name, "sentiment", folder=tmp_path)
    assert "\n" not in str(told.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taken", "taken.py"]
    assert (tmp_path / "taken.py").read_text() == "mine"


def test_one_module_holds_all_imports_once_and_no_relative_ones():
    first = '"""First."""\n\nimport random\nfrom a import c\n\nX = 1\n'
    last = '"""Last."""\n\nfrom a import B\nfrom a import c\n\nfrom .first import X\n\n\nY = X\n'
    assert merged([first, last]) == (
        '"""Last."""\n\nimport random\n\nfrom a import B, c\n\nX = 1\n\n\nY = X\n'
    )


def test_the_command_says_what_is_to_be_done(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as exit_:
        main(["new", "reviews", "--like", "translation"])
    assert not exit_.value.code
    out = capsys.readouterr().out
    assert "reviews/reviews/samples.py:11  TODO 1 of 3: your own pairs." in out
    assert "make test" in out
    assert (tmp_path / "reviews" / "Makefile").is_file()
