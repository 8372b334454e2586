"""Lists, help and settings are instant: nothing heavy is imported until it is needed."""

import subprocess
import sys

import pytest

from seqapps import registry
from seqapps.cli import VERBS

HEAVY = (
    "tensorflow", "keras", "sklearn", "scipy", "pandas", "matplotlib", "pyarrow", "ftfy",
    "tensorflow_datasets",
)  # fmt: skip
BUILT_IN = {
    entry.name: entry.target.partition(":")[0]
    for entry in registry.entries()
    if entry.target.startswith("seqapps.tasks.")
}


def heavy_after(code: str) -> set[str]:
    """Which heavy packages a fresh process has loaded after it ran `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stdout.split()} & set(HEAVY)


def test_heavy_imports_would_be_seen():
    """The test of the tests below: an import inside a function that runs counts too."""
    assert heavy_after("def f(): import scipy\nf()") == {"scipy"}


def test_there_are_built_in_tasks():
    assert "sentiment" in BUILT_IN


@pytest.mark.parametrize("name", BUILT_IN)
def test_importing_a_built_in_task_loads_nothing_heavy(name):
    assert heavy_after(f"import {BUILT_IN[name]}") == set()


@pytest.mark.parametrize("module", ["seqapps", "seqapps.cli", "seqapps.registry"])
def test_importing_the_library_loads_nothing_heavy(module):
    assert heavy_after(f"import {module}") == set()


def test_loading_a_task_by_name_loads_nothing_heavy():
    assert heavy_after("from seqapps import registry; registry.load('sentiment')") == set()


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_loads_nothing_heavy(verb):
    ask = f"main({[verb, '--help']!r})"
    code = (
        f"from seqapps.cli import main\ntry: {ask}\nexcept SystemExit as done: assert not done.code"
    )
    assert heavy_after(code) == set()


@pytest.mark.parametrize("verb", ["list", "samples", "cache"])
def test_a_list_loads_nothing_heavy(verb):
    code = f"from seqapps.cli import main\ntry: main([{verb!r}])\nexcept SystemExit: pass"
    assert heavy_after(code) == set()
