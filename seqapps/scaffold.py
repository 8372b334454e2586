"""Plugins to begin with: a package, or a single file, that works before it is changed."""

from __future__ import annotations

import ast
import importlib.util
import keyword
import re
import sys
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from seqapps import files, registry
from seqapps.errors import UserError
from seqapps.version import __version__

# What a plugin may be like -> how a file of its rows is given.
LIKE: Mapping[str, str] = {
    "sentiment": "rows.csv --column text=TEXT --column label=LABEL",
    "translation": "pairs.tsv --column source=SOURCE --column target=TARGET",
    "forecasting": "series.parquet --column series=SERIES",
}
SHARED = ("setup.cfg", "pyproject.toml", "Makefile", "README.md", "gitignore")
MODULES = ("samples", "features", "model", "task")  # in the order in which they make one file
TO_DO = "TODO"
WIDTH = 100


class Made(NamedTuple):
    """What was written, and what is left to do: [(file, line, "TODO 1 of 3: ...")]."""

    path: Path
    files: list[Path]
    to_do: list[tuple[Path, int, str]]


def package(name: str, like: str, *, folder: Path) -> Made:
    """Make folder/NAME, a package that can be installed. Raises UserError where it cannot be."""
    path = folder / name
    _check(name, like, path)
    texts = {f".{each}" if each == "gitignore" else each: _filled("package", each, name, like)
             for each in SHARED}  # fmt: skip
    texts[f"{name}/__init__.py"] = ""
    for module in MODULES:
        texts[f"{name}/{module}.py"] = _filled(like, f"{module}.py", name, like)
    texts[f"tests/test_{name}.py"] = _filled(like, "test_task.py", name, like)
    with files.whole_folder(path) as staging:
        for file, text in texts.items():
            files.write_text(staging / file, text)
    return _made(path, [path / file for file in texts])


def single_file(name: str, like: str, *, folder: Path) -> Made:
    """Make folder/NAME.py, for --plugin. Raises UserError where it cannot be."""
    path = folder / f"{name}.py"
    _check(name, like, path)
    parts = [_filled(like, f"{each}.py", name, like, single=True) for each in MODULES]
    files.write_text(path, merged(parts))
    return _made(path, [path])


def merged(sources: Sequence[str]) -> str:
    """Modules as one: the last one's docstring, the imports of all, then what they hold in turn."""
    plain: set[str] = set()
    names: dict[str, set[str]] = {}
    bodies = []
    docstring = ""
    for source in sources:
        tree, lines = ast.parse(source), source.split("\n")
        docstring, first = ast.get_docstring(tree) or "", 1
        for node in tree.body[1:]:
            if isinstance(node, ast.Import):
                plain.add(ast.unparse(node))
            elif isinstance(node, ast.ImportFrom):
                if not node.level:  # what comes from the other modules is in this one
                    names.setdefault(node.module or "", set()).update(x.name for x in node.names)
            else:
                break
            first = node.end_lineno or 0
        bodies.append("\n".join(lines[first:]).strip("\n"))
    found = [*sorted(plain), *(_import_from(module, names[module]) for module in sorted(names))]
    own = [line for line in found if line.split()[1].partition(".")[0] in sys.stdlib_module_names]
    others = [line for line in found if line not in own]
    head = [f'"""{docstring}"""', "\n".join(own), "\n".join(others)]
    return "\n\n".join(head) + "\n\n" + "\n\n\n".join(bodies) + "\n"


def _import_from(module: str, names: set[str]) -> str:
    ordered = sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")"


def _check(name: str, like: str, path: Path) -> None:
    if like not in LIKE:
        raise UserError(f"--like {like}: expected one of {', '.join(LIKE)}.")
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise UserError(
            f"{name!r} cannot be the name of a task, as it is that of a Python module, too: take "
            "small letters, digits and _, a letter first, and no word that Python itself uses."
        )
    for entry in registry.entries():
        if entry.name == name:
            raise UserError(
                f"There is a task {name} already, of {entry.origin}. Take another name."
            )
    if name in sys.stdlib_module_names or _is_importable(name):
        raise UserError(f"{name} is the name of an installed Python module. Take another name.")
    if path.exists():
        raise UserError(f"{path}: it is there already. Take another name, or remove it first.")


def _is_importable(name: str) -> bool:
    """Whether a module of that name is installed; one in the working folder is seen as a path."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None


def _filled(folder: str, file: str, name: str, like: str, *, single: bool = False) -> str:
    import jinja2

    values: dict[str, Any] = {
        "name": name, "like": like, "data": LIKE[like], "single": single,
        "compatible": f">={__version__}",
    }  # fmt: skip
    template = resources.files("seqapps").joinpath("templates", folder, f"{file}.jinja")
    environment = jinja2.Environment(
        trim_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(template.read_text("utf-8")).render(values)


def _made(path: Path, made: list[Path]) -> Made:
    to_do = [
        (file, number, line.lstrip("# "))
        for file in made
        if file.suffix == ".py"
        for number, line in enumerate(file.read_text("utf-8").split("\n"), 1)
        if line.startswith(f"# {TO_DO}")
    ]
    return Made(path, made, sorted(to_do, key=lambda each: each[2]))
