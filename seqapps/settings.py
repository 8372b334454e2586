"""Settings: a frozen dataclass whose fields carry default, type and meaning; TOML in and out."""

from __future__ import annotations

import dataclasses
import inspect
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_type_hints

from seqapps.errors import UserError, nearest


def setting(
    default: Any,
    meaning: str,
    *,
    choices: tuple[Any, ...] | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    file: bool = False,
) -> Any:
    """One field of a settings class: its default, its meaning, and what it may be.

    `file` says that the value may name a file, whose content then counts as part of the value.
    """
    limits = {"choices": choices, "at_least": at_least, "at_most": at_most, "file": file}
    return dataclasses.field(default=default, metadata={"meaning": meaning, **limits})


def fields_of(settings: Any) -> list[dataclasses.Field[Any]]:
    """Every field in the order of declaration; those that a class inherits come after its own."""
    declared = [name for each in type(settings).__mro__ for name in inspect.get_annotations(each)]
    return sorted(dataclasses.fields(settings), key=lambda field: declared.index(field.name))


def as_dict(settings: Any) -> dict[str, Any]:
    """Every setting by name, in the order of `fields_of`."""
    return {field.name: getattr(settings, field.name) for field in fields_of(settings)}


def files_of(settings: Any) -> list[Path]:
    """The files that settings name, as far as they are there."""
    return [*_named_files(settings).values()]


def with_absolute_files(settings: Any) -> Any:
    """The same settings; a file that one names is found from any folder."""
    paths = {
        name: str(path.absolute()) for name, path in _named_files(settings).items() if path.suffix
    }
    return dataclasses.replace(settings, **paths)


def _named_files(settings: Any) -> dict[str, Path]:
    """{setting: file} of those that name a file which is there."""
    named = {
        field.name: Path(getattr(settings, field.name)).expanduser()
        for field in dataclasses.fields(settings)
        if field.metadata.get("file")
    }
    return {name: path for name, path in named.items() if path.is_file()}


def meaning_of(field: dataclasses.Field[Any]) -> str:
    """One line: the meaning, then the choices or limits where there are any."""
    meta = field.metadata
    meaning = str(meta.get("meaning", ""))
    if meta.get("choices"):
        meaning += f" ({' | '.join(map(str, meta['choices']))})"
    return meaning


def replace(settings: Any, changes: Mapping[str, Any], *, where: str) -> Any:
    """`settings` with `changes`; a UserError names `where`, the key and what was expected."""
    checked = {
        key: check_value(settings, key, value, where=where) for key, value in changes.items()
    }
    try:
        return dataclasses.replace(settings, **checked)
    except ValueError as error:  # a __post_init__ of the task that weighs settings together
        raise UserError(f"{where}: {error}") from error


def check_value(settings: Any, key: str, value: Any, *, where: str) -> Any:
    """The value of a setting in its type. Raises UserError where there is none, or it is wrong."""
    fields = {field.name: field for field in dataclasses.fields(settings)}
    if key not in fields:
        raise UserError(f"{where}: unknown setting {key!r}. {nearest(key, fields)}")
    kind = get_type_hints(type(settings))[key]
    return _checked(fields[key], kind, value, where=where)


def assign(settings: Any, assignments: Iterable[str]) -> Any:
    """`settings` after `--set key=value` options; later ones win. They are weighed together."""
    types = get_type_hints(type(settings))
    changes, given = {}, []
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise UserError(f"--set {assignment}: expected key=value, as in --set epochs=3.")
        value = _parsed(text, types.get(key.strip(), str))
        given.append(f"--set {assignment}")
        check_value(settings, key.strip(), value, where=given[-1])
        changes[key.strip()] = value
    return replace(settings, changes, where=" ".join(given))


def load(settings: Any, file: Path) -> Any:
    """`settings` after a TOML file (`--config my.toml`), which may hold only some of the keys."""
    try:
        return loads(settings, file.read_text(encoding="utf-8"), where=str(file))
    except FileNotFoundError:
        raise UserError(
            f"--config {file}: no such file. Write one with `seqapps config TASK > {file}`."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--config {file}: cannot be read: {error}.") from None


def loads(settings: Any, text: str, *, where: str) -> Any:
    """`settings` after TOML text."""
    try:
        changes = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{where}: not valid TOML: {error}.") from None
    return replace(settings, changes, where=where)


def dumps(settings: Any) -> str:
    """Complete commented TOML, one setting a line; `loads` reads it back equal."""
    import tomlkit

    document = tomlkit.document()
    for field in fields_of(settings):
        item = tomlkit.item(getattr(settings, field.name))
        item.comment(meaning_of(field))
        document.add(field.name, item)
    return tomlkit.dumps(document)


def preset(settings: Any, folder: Path, name: str) -> Any:
    """`settings` after `presets/NAME.toml` of the task's folder."""
    files = {file.stem: file for file in (folder / "presets").glob("*.toml")}
    if name not in files:
        raise UserError(f"--preset {name}: no such preset. {nearest(name, files)}")
    return load(settings, files[name])


def _parsed(text: str, kind: Any) -> Any:
    """The text of `--set` as the field's type; what does not parse is left for the check."""
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind in (int, float):
        try:
            return kind(text.replace("_", ""))
        except ValueError:
            return text
    return text


def _checked(field: dataclasses.Field[Any], kind: Any, value: Any, *, where: str) -> Any:
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise UserError(
            f"{where}: {field.name} expects {kind.__name__} ({meaning_of(field)}), "
            f"received {type(value).__name__} {value!r}."
        )
    meta = field.metadata
    if meta.get("choices") and value not in meta["choices"]:
        raise UserError(
            f"{where}: no such {field.name}. {nearest(str(value), map(str, meta['choices']))}"
        )
    low, high = meta.get("at_least"), meta.get("at_most")
    # Written so that NaN, which compares false with everything, is refused too.
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        limits = " and ".join(
            [f"at least {low}"] * (low is not None) + [f"at most {high}"] * (high is not None)
        )
        raise UserError(f"{where}: {field.name} must be {limits}, received {value}.")
    return value
