"""What others rely on, name by name: docs/compatibility.md says what follows from that.

`make public-names` writes the list to tests/public_names.txt, which the tests compare with.
"""

import ast
import dataclasses
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click

ROOT = Path(__file__).parent.parent
LIST = Path(__file__).with_suffix(".txt")
PLUGINS = ("tasks/*/*.py", "docs/examples/*.py", "seqapps/templates/*/*.py.jinja")
IMPORTED = re.compile(r"^ *from (seqapps[\w.]*) import (\([^)]*\)|[^\n(]+)$", re.MULTILINE)


def names() -> list[str]:
    """Every public name with its kind, sorted."""
    found = [*commands(), *contract(), *settings(), *signatures(), *imports(), *python()]
    found += [*methods(), *written()]
    return sorted(set(found))


def commands() -> Iterator[str]:
    """Verbs with their arguments and options."""
    from seqapps.cli import VERBS

    for verb in VERBS:
        command = importlib.import_module(f"seqapps.cli.{verb}").command
        yield f"command {verb}"
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                yield from (f"option {verb} {name}" for name in parameter.opts)
            else:
                yield f"argument {verb} {parameter.make_metavar(click.Context(command))}"


def contract() -> Iterator[str]:
    """The values that a plugin is made of, with their fields; kinds of columns and outputs."""
    from seqapps import task

    for name, value in vars(task).items():
        if dataclasses.is_dataclass(value) and value.__module__ == task.__name__:
            yield from (f"field {name}.{field.name}" for field in dataclasses.fields(value))
    yield from (f"kind of Column {kind}" for kind in get_args(task.Kind))
    yield from (f"kind of Output {kind}" for kind in get_args(task.AnswerKind))


def settings() -> Iterator[str]:
    """The settings of the built-in tasks, and their presets."""
    from seqapps import registry
    from seqapps.settings import fields_of

    for file in sorted((ROOT / "tasks").glob("*/task.py")):
        name = file.parent.name
        yield f"task {name}"
        yield from (f"setting {name}.{f.name}" for f in fields_of(registry.load(name).settings))
        yield from (f"preset {name}.{f.stem}" for f in file.parent.glob("presets/*.toml"))
        yield from (f"sample {name}.{sample}" for sample in registry.load(name).samples)


def signatures() -> Iterator[str]:
    """What the exports of the built-in tasks take and answer, with the default settings."""
    from seqapps import registry

    for file in sorted((ROOT / "tasks").glob("*/task.py")):
        task = registry.load(file.parent.name)
        declared = task.under(task.settings).declared(task.settings)
        for name, signature in declared.items():
            named = f"{task.name}.{name}"
            for key, column in signature.inputs.items():
                yield f"input {named}.{key} {column.kind}{_rank(column.shape)}"
            for key, output in signature.answer.items():
                yield f"output {named}.{key} {output.kind}"


def _rank(shape: tuple[int | None, ...]) -> str:
    return f" of {len(shape)} axes" if shape else ""


def imports() -> Iterator[str]:
    """What built-in tasks, the example and the templates of `seqapps new` import of seqapps."""
    for pattern in PLUGINS:
        for file in ROOT.glob(pattern):
            for module, listed in IMPORTED.findall(file.read_text("utf-8")):
                tree = ast.parse(f"from {module} import {listed}")
                yield from (f"import {module} {alias.name}" for alias in tree.body[0].names)


def python() -> Iterator[str]:
    """What other programs call: a run, a client of a server, the pages of one."""
    import seqapps
    from seqapps import playground, serving

    public = {seqapps: seqapps.__all__, serving: serving.__all__, playground: ["Models", "routes"]}
    for module, names in public.items():
        for name in names:
            value = getattr(module, name)
            full = f"{module.__name__}.{name}"
            yield f"python {full}"
            if inspect.isfunction(value):
                yield from (f"python {full} {each}" for each in inspect.signature(value).parameters)
            elif inspect.isclass(value):
                yield from (f"python {full}.{each}" for each in vars(value) if each[0] != "_")


def methods() -> Iterator[str]:
    """What a plugin implements or is given beside dataclasses."""
    from seqapps.checks import Trial
    from seqapps.features import Features

    for name, value in vars(Features).items():
        if inspect.isfunction(value) and not name.startswith("_"):
            yield f"method Features.{name}"
    yield from (f"attribute Trial.{name}" for name in vars(Trial) if not name.startswith("_"))
    yield from (f"attribute Trial.{field.name}" for field in dataclasses.fields(Trial))


def written() -> Iterator[str]:
    """Files of a run and of a bundle, keys of evaluation.json."""
    from seqapps.evaluate import Evaluation
    from seqapps.export.manifest import FILES
    from seqapps.runs import Run

    run = Run(Path("run"))
    for name, value in vars(Run).items():
        if isinstance(value, property) and isinstance(path := getattr(run, name), Path):
            yield f"file of a run {path.name}"
    yield from (f"file of a bundle {name}" for name in FILES)
    yield from (f"key of evaluation.json {name}" for name in Evaluation.__annotations__)


if __name__ == "__main__":
    LIST.write_text("\n".join(names()) + "\n", encoding="utf-8")
    print(f"{LIST.name}: {len(names())} names")
