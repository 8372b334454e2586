"""Tasks are found without being imported; a broken one says why and harms no other."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from seqapps import registry
from seqapps.errors import UserError
from seqapps.registry import add_plugin, entries, find, load
from seqapps.task import Task

PLUGIN = '''"""Which way does it go?

Only the first line of this is the summary.
"""

from dataclasses import dataclass

from seqapps.task import Fixed, Task


@dataclass(frozen=True)
class Settings:
    batch_size: int = 3


TASK = Task(
    name={name!r}, summary="Which way does it go?", inputs={{}}, targets={{}}, samples={{}},
    settings=Settings(), tiny=Settings(), fit=None, features=None, build_model=None,
    batching=Fixed(), answer={{}}, baselines={{}}, metrics={{}},
)
'''


def plugin(folder: Path, name: str, text: str | None = None) -> Path:
    """A task that is a single file; a whole one, unless `text` says otherwise."""
    file = folder / f"{name}.py"
    file.write_text(PLUGIN.format(name=name) if text is None else text, encoding="utf-8")
    return file


def named(name: str) -> registry.Entry:
    return next(entry for entry in entries() if entry.name == name)


def in_a_fresh_process(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tasks_are_found_without_being_imported():
    code = (
        "import sys, seqapps.registry\n"
        "names = [entry.name for entry in seqapps.registry.entries()]\n"
        "print('sentiment' in names, 'seqapps.tasks.sentiment.task' in sys.modules,"
        " 'seqapps.tasks' in sys.modules)"
    )
    assert in_a_fresh_process(code).split() == ["True", "False", "False"]


def test_a_built_in_task_is_an_entry_of_the_installed_package():
    from seqapps.version import __version__

    entry = named("sentiment")
    assert entry.origin == f"seqapps {__version__}"
    assert entry.target == "seqapps.tasks.sentiment.task:TASK"
    assert entry.problem is None


def test_the_code_of_a_task_of_a_package_is_its_folder():
    assert (
        named("sentiment").folder
        == Path(sys.modules[load("sentiment").fit.__module__].__file__).parent
    )


def test_the_code_of_a_single_file_is_that_file(tmp_path):
    file = plugin(tmp_path, "one_file")
    add_plugin(file)
    assert named("one_file").folder == file


def test_the_summary_is_the_first_line_of_the_docstring(tmp_path):
    add_plugin(plugin(tmp_path, "summarised"))
    assert named("summarised").summary == "Which way does it go?"


def test_the_summary_of_a_built_in_task_is_what_the_task_itself_says(sentiment):
    assert named("sentiment").summary == sentiment.summary


def test_entries_come_in_the_order_of_their_names(tmp_path):
    for name in ("zebra", "aardvark", "tapir"):
        add_plugin(plugin(tmp_path, name))
    names = [entry.name for entry in entries()]
    assert names == sorted(names)
    assert {"aardvark", "sentiment", "tapir", "zebra"} <= set(names)


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(UserError, match=r"No task named 'sentimant'\. Did you mean 'sentiment'\?"):
        find("sentimant")


def test_a_plugin_file_is_found_and_loaded(tmp_path):
    add_plugin(plugin(tmp_path, "loaded_plugin"))
    task = load("loaded_plugin")
    assert isinstance(task, Task)
    assert task.name == "loaded_plugin"


def test_a_plugin_is_run_once_however_often_it_is_loaded(tmp_path):
    add_plugin(plugin(tmp_path, "run_once"))
    assert load("run_once") is load("run_once")


def test_a_plugin_given_twice_is_one_task(tmp_path, monkeypatch):
    file = plugin(tmp_path, "given_twice")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(registry.VARIABLE, str(file))
    add_plugin(file)
    add_plugin(Path("given_twice.py"))
    assert find("given_twice").file == file


def test_the_variable_names_several_files(tmp_path, monkeypatch):
    files = [plugin(tmp_path, "first_of_two"), plugin(tmp_path, "second_of_two")]
    monkeypatch.setenv(registry.VARIABLE, os.pathsep.join(map(str, files)))
    assert [load(name).name for name in ("first_of_two", "second_of_two")] == [
        "first_of_two",
        "second_of_two",
    ]


BROKEN = {
    "syntax_error": ("TASK = (\n", r"syntax_error\.py, line 1: '\(' was never closed"),
    "no_task": ('"""Nothing here."""\n', r"no_task\.py defines no TASK"),
    "missing_package": (
        "import no_such_package_7.part\nTASK = None\n",
        r"missing_package\.py imports 'no_such_package_7', which is not installed",
    ),
    "missing_package_from": (
        "from no_such_package_7.part import thing\nTASK = None\n",
        r"missing_package_from\.py imports 'no_such_package_7', which is not installed",
    ),
    "null_byte": ("TASK = 3\0", r"null_byte\.py.*null bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_listed_with_its_reason(name, tmp_path):
    text, reason = BROKEN[name]
    add_plugin(plugin(tmp_path, name, text))
    assert re.search(reason, named(name).problem)


@pytest.mark.parametrize("name", BROKEN)
def test_loading_a_broken_plugin_says_the_same_reason(name, tmp_path):
    text, reason = BROKEN[name]
    add_plugin(plugin(tmp_path, name, text))
    with pytest.raises(UserError, match=f"The task '{name}' .* is broken: .*{reason}"):
        load(name)


def test_a_plugin_that_is_not_there_is_listed_with_its_reason(tmp_path):
    add_plugin(tmp_path / "absent.py")
    assert named("absent").problem == f"{tmp_path / 'absent.py'}: no such file"


def test_a_plugin_that_is_not_utf8_is_listed_with_its_reason(tmp_path):
    (tmp_path / "latin.py").write_bytes(b"TASK = '\xe4'\n")
    add_plugin(tmp_path / "latin.py")
    assert "utf-8" in named("latin").problem


def test_a_task_that_is_no_task_is_refused(tmp_path):
    add_plugin(plugin(tmp_path, "no_task_value", "TASK = {'name': 'no_task_value'}\n"))
    with pytest.raises(UserError, match=r"TASK .* is a dict, expected a seqapps\.task\.Task"):
        load("no_task_value")


def test_a_task_under_another_name_than_its_file_is_refused(tmp_path):
    add_plugin(plugin(tmp_path, "on_the_file", PLUGIN.format(name="in_the_file")))
    with pytest.raises(UserError, match=r"names its task 'in_the_file', .* as 'on_the_file'"):
        load("on_the_file")


def test_a_plugin_that_fails_when_it_is_run_says_what_and_where(tmp_path):
    file = plugin(tmp_path, "fails_at_run", "TASK = 3\n\nTASK = 1 / 0\n")
    add_plugin(file)
    with pytest.raises(UserError, match=f"does not load: ZeroDivisionError.*{file}, line 3"):
        load("fails_at_run")


def test_a_plugin_that_failed_is_run_anew_once_it_is_corrected(tmp_path):
    add_plugin(plugin(tmp_path, "corrected", "TASK = 1 / 0\n"))
    with pytest.raises(UserError):
        load("corrected")
    plugin(tmp_path, "corrected")
    assert load("corrected").name == "corrected"


def test_broken_plugins_harm_no_other(tmp_path):
    for name, (text, _) in BROKEN.items():
        add_plugin(plugin(tmp_path, name, text))
    add_plugin(tmp_path / "absent.py")
    add_plugin(plugin(tmp_path, "whole"))
    assert {entry.name for entry in entries() if entry.problem} == {*BROKEN, "absent"}
    assert load("whole").name == "whole"
    assert load("sentiment").name == "sentiment"


def test_two_tasks_of_one_name_are_an_error_that_names_both(tmp_path):
    file = plugin(tmp_path, "sentiment")
    add_plugin(file)
    with pytest.raises(UserError, match="Two tasks are named 'sentiment'") as error:
        load("sentiment")
    assert "seqapps.tasks.sentiment.task:TASK" in str(error.value)
    assert str(file) in str(error.value)


@pytest.fixture
def install_third_party(tmp_path, monkeypatch):
    """Install a distribution that registers a task; its packages cannot be imported."""

    def install(target: str) -> Path:
        package = tmp_path / "thirdparty_suite" / "deep"
        package.mkdir(parents=True)
        for folder in (package.parent, package):
            (folder / "__init__.py").write_text("raise RuntimeError('imported while listing')\n")
        (package / "task.py").write_text('"""A task of others."""\n\nTASK = None\n')
        record = tmp_path / "thirdparty-1.0.dist-info"
        record.mkdir()
        (record / "METADATA").write_text("Metadata-Version: 2.1\nName: thirdparty\nVersion: 1.0\n")
        (record / "entry_points.txt").write_text(f"[{registry.GROUP}]\nothers = {target}\n")
        monkeypatch.syspath_prepend(tmp_path)
        return package

    return install


def test_an_installed_task_is_listed_although_its_package_cannot_be_imported(install_third_party):
    package = install_third_party("thirdparty_suite.deep.task:TASK")
    entry = named("others")
    assert (entry.summary, entry.problem) == ("A task of others.", None)
    assert (entry.origin, entry.file) == ("thirdparty 1.0", package / "task.py")


def test_an_installed_task_whose_package_cannot_be_imported_does_not_load(install_third_party):
    install_third_party("thirdparty_suite.deep.task:TASK")
    with pytest.raises(UserError, match=r"thirdparty 1\.0 does not load: RuntimeError: imported"):
        load("others")


def test_an_installed_task_without_its_module_is_listed_with_its_reason(install_third_party):
    install_third_party("thirdparty_suite.gone.task:TASK")
    assert named("others").problem == "no module named 'thirdparty_suite.gone.task'"
    assert named("sentiment").problem is None


def test_an_installed_task_without_its_attribute_is_listed_with_its_reason(install_third_party):
    install_third_party("thirdparty_suite.deep.task:OTHER")
    assert re.search(r"task\.py defines no OTHER", named("others").problem)
