"""What the documentation says is true: its commands run, its tables are those of the code."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seqapps import registry
from seqapps.cli import VERBS
from seqapps.settings import fields_of, meaning_of

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"(<!-- not run -->\n)?```sh\n(.*?)```", re.DOTALL)


SHORT = ("writing-a-task",)  # quick, and what an author of a task starts from


def page_of(page):
    """A page as a parameter; those that train long or often are for make test-all."""
    marks = () if page.stem in SHORT else (pytest.mark.long,)
    return pytest.param(page, id=page.stem, marks=marks)


def commands(page):
    """The blocks of a page that are meant to be run."""
    return [block for skip, block in BLOCK.findall(page.read_text()) if not skip]


@pytest.mark.parametrize("page", [page_of(page) for page in PAGES if commands(page)])
def test_the_commands_of_a_page_run(page, tmp_path):
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    script = "set -euo pipefail\n" + "\n".join(commands(page))
    if "curl " in script and shutil.which("curl") is None:
        pytest.skip("the page asks a server with curl, which is not installed")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_inside_the_repository_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), link


def test_the_readme_names_every_verb():
    text = (ROOT / "README.md").read_text()
    assert [verb for verb in VERBS if not re.search(rf"`{verb}\b", text)] == []


def test_excerpts_of_the_example_task_are_what_the_file_holds():
    """Line by line, so that an excerpt may leave lines out."""
    example = (ROOT / "docs" / "examples" / "next_week.py").read_text().splitlines()
    known = {line.strip() for line in example}
    page = (ROOT / "docs" / "writing-a-task.md").read_text()
    excerpts = re.findall(r"<!-- next_week.py -->\n```python\n(.*?)```", page, re.DOTALL)
    assert excerpts
    for line in "".join(excerpts).splitlines():
        assert line.strip() in known | {"", "..."}, line


@pytest.mark.parametrize(
    "name",
    [
        "captioning",
        "forecasting",
        "language_model",
        "monitoring",
        "sentiment",
        "tagging",
        "translation",
    ],
)
def test_the_settings_table_of_a_task_is_that_of_the_code(name):
    text = (ROOT / "tasks" / name / "README.md").read_text()
    table = re.search(r"<!-- settings -->\n(.*?)<!-- /settings -->", text, re.DOTALL)
    assert table is not None
    expected = ["| setting | default | meaning |", "|---|---|---|"]
    for field in fields_of(registry.load(name).settings):
        meaning = meaning_of(field).replace("|", "\\|")
        expected.append(f"| `{field.name}` | `{field.default}` | {meaning} |")
    assert table[1].split("\n") == [*expected, ""]


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in (ROOT / "tasks").glob("*/task.py"))
)
def test_every_task_folder_has_the_same_files(folder):
    names = {path.name for path in folder.iterdir()}
    assert names >= {"__init__.py", "task.py", "features.py", "model.py", "README.md"}
