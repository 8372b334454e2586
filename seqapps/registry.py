"""Find tasks without importing them: entry points, and single files given with --plugin."""

from __future__ import annotations

import ast
import importlib.util
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path

from seqapps import start
from seqapps.errors import UserError, nearest
from seqapps.task import Task

GROUP = "seqapps.tasks"
VARIABLE = "SEQAPPS_PLUGINS"

_given: list[Path] = []  # files of --plugin, in this process


@dataclass(frozen=True)
class Entry:
    """A task that was found: where it lies, and what can be said of it without importing it."""

    name: str
    origin: str  # "seqapps 0.1.0", or a file
    target: str  # "package.module:ATTRIBUTE", or "file.py:TASK"
    file: Path | None
    summary: str
    problem: str | None  # why it cannot be used

    @property
    def folder(self) -> Path:
        """What the task's code consists of: its folder, or its one file."""
        if self.file is None:
            raise UserError(f"The task {self.name!r} of {self.origin} is broken: {self.problem}")
        return self.file if self.target.startswith(str(self.file)) else self.file.parent


def add_plugin(file: Path) -> None:
    """Take up a task that is a single file, for this process."""
    if file not in _given:
        _given.append(file)


def entries() -> list[Entry]:
    """Every task that is installed or given, by name; broken ones too, with the reason."""
    found = [_from_entry_point(point) for point in metadata.entry_points(group=GROUP)]
    variable = os.environ.get(VARIABLE, "")
    files = [Path(part) for part in variable.split(os.pathsep) if part] + _given
    found += [_from_file(file) for file in dict.fromkeys(file.absolute() for file in files)]
    return sorted(found, key=lambda entry: entry.name)


def find(name: str) -> Entry:
    """The entry of that name. Raises UserError where there is none, or more than one."""
    known = entries()
    same = [entry for entry in known if entry.name == name]
    if not same:
        raise UserError(
            f"No task named {name!r}. {nearest(name, [entry.name for entry in known])} "
            "See `seqapps list`; add a file of your own with --plugin FILE.py."
        )
    if len(same) > 1:
        places = " and ".join(f"{entry.origin} ({entry.target})" for entry in same)
        raise UserError(f"Two tasks are named {name!r}: {places}. Rename or remove one.")
    return same[0]


def load(name: str) -> Task:
    """Import one task. Raises UserError, with the reason, where it is broken."""
    entry = find(name)
    if entry.problem:
        raise UserError(f"The task {name!r} of {entry.origin} is broken: {entry.problem}")
    module_name, _, attribute = entry.target.rpartition(":")
    try:
        module = _module(entry, module_name)
        task = getattr(module, attribute)
    except (Exception, SystemExit) as error:
        raise UserError(
            f"The task {name!r} of {entry.origin} does not load: {type(error).__name__}: {error} "
            f"({_place_of(error)})"
        ) from error
    if not isinstance(task, Task):
        raise UserError(
            f"{entry.target} of {entry.origin} is a {type(task).__name__}, expected a "
            "seqapps.task.Task."
        )
    if task.name != name:
        raise UserError(
            f"{entry.target} names its task {task.name!r}, but it is registered as {name!r}; "
            "both must agree."
        )
    return task


def _from_entry_point(point: metadata.EntryPoint) -> Entry:
    module, _, attribute = point.value.partition(":")
    dist = point.dist
    origin = f"{dist.name} {dist.version}" if dist else point.value
    try:
        spec = _located(module)
        file = Path(spec.origin) if spec and spec.origin else None
    except Exception as error:
        return Entry(point.name, origin, point.value, None, "", f"{module}: {error}")
    if file is None:
        return Entry(point.name, origin, point.value, None, "", f"no module named {module!r}")
    summary, problem = _read(file, attribute)
    return Entry(point.name, origin, point.value, file, summary, problem)


def _from_file(file: Path) -> Entry:
    target = f"{file}:TASK"
    if not file.is_file():
        return Entry(file.stem, "--plugin", target, file, "", f"{file}: no such file")
    summary, problem = _read(file, "TASK")
    return Entry(file.stem, "--plugin", target, file, summary, problem)


def _located(module: str) -> ModuleSpec | None:
    """Where a module lies, without running any package's `__init__` on the way to it."""
    path: Sequence[str] | None = None
    spec = None
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        name = ".".join(parts[:depth])
        specs = (
            finder.find_spec(name, path) for finder in sys.meta_path if hasattr(finder, "find_spec")
        )
        spec = next((found for found in specs if found is not None), None)
        if spec is None:
            return None
        path = spec.submodule_search_locations
    return spec


def _read(file: Path, attribute: str) -> tuple[str, str | None]:
    """(first docstring line, what is wrong) of a module, from its text alone."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    except SyntaxError as error:
        return "", f"{file}, line {error.lineno}: {error.msg}"
    except (OSError, ValueError) as error:
        return "", f"{file}: {error}"
    summary = (ast.get_docstring(tree) or "").partition("\n")[0]
    names = {
        target.id
        for node in tree.body
        for target in (
            node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        )
        if isinstance(target, ast.Name)
    }
    if attribute not in names:
        return summary, f"{file} defines no {attribute}"
    missing = [name for name in _imported(tree) if not _is_installed(name)]
    if missing:
        return summary, f"{file} imports {missing[0]!r}, which is not installed"
    return summary, None


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ValueError:  # a module without a spec, such as __main__, is there all the same
        return True


def _imported(tree: ast.Module) -> list[str]:
    """Top-level packages that the module imports when it is loaded."""
    found = []
    for node in tree.body:
        if isinstance(node, ast.Import):
            found += [alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append(node.module.partition(".")[0])
    return found


def _module(entry: Entry, module_name: str) -> object:
    if entry.origin != "--plugin":
        return importlib.import_module(module_name)
    name = f"seqapps_plugin_{entry.name}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, entry.folder)
    if spec is None or spec.loader is None:
        raise ImportError(f"{entry.folder} is no Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up while it is being run
    try:
        with start.stderr_aside():  # a single file may well import tensorflow
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _place_of(error: BaseException) -> str:
    traceback = error.__traceback__
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    if traceback is None:
        return "no place known"
    return f"{traceback.tb_frame.f_code.co_filename}, line {traceback.tb_lineno}"
