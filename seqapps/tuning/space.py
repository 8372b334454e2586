"""What is searched: the settings that are worth it, and what a file of the user's changes."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqapps import settings
from seqapps.errors import UserError, nearest
from seqapps.tuning.dimension import Dimension, derive

# Names that tasks share and that nearly always matter. A long list would be worse: each further
# setting costs trials, and those that change what is judged (tokens, horizon) or only what is
# served (beam, temperature) have no place in it. `--space` adds any other.
WORTH = (
    "learning_rate", "units", "layers", "embedding", "dropout", "input_dropout", "weight_decay",
    "batch_tokens", "batch_size", "encoder", "bidirectional", "attention", "pooling",
)  # fmt: skip
NEVER = ("monitor",)  # values of different metrics do not compare


@dataclass(frozen=True)
class Space:
    """The settings that a search begins with, and which of them it changes."""

    base: Any
    dimensions: tuple[Dimension, ...]
    fixed: tuple[str, ...] = ()  # settings that a file gave another value at the start

    @property
    def distributions(self) -> dict[str, Any]:
        """Name -> distribution, for Optuna."""
        return {each.name: each.distribution for each in self.dimensions}

    @property
    def default(self) -> dict[str, Any]:
        """The values that the search begins with; they lie within every dimension."""
        return {each.name: getattr(self.base, each.name) for each in self.dimensions}

    def values(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """What is searched, as settings have it."""
        if drawn == self.default:  # exactly, however it would be rounded
            return dict(drawn)
        return {each.name: each.value(drawn[each.name]) for each in self.dimensions}

    def settings(self, values: Mapping[str, Any]) -> Any:
        """All settings of a trial. Raises UserError where they contradict each other."""
        return settings.replace(self.base, values, where="settings of this trial")

    def dumps(self) -> str:
        """TOML that `--space` takes, each setting with its meaning and its value at the start."""
        import tomlkit

        document = tomlkit.document()
        document.add("only", tomlkit.item([each.name for each in self.dimensions]))
        meanings = {field.name: settings.meaning_of(field) for field in _fields(self.base)}
        tables = {each.name: each.told() for each in self.dimensions}
        tables |= {name: {"fix": getattr(self.base, name)} for name in self.fixed}
        for name, told in tables.items():
            table = tomlkit.table()
            table.update(told)
            table.comment(f"now {getattr(self.base, name)}: {meanings[name]}")
            document.add(name, table)
        return tomlkit.dumps(document)


def load_changes(file: Path) -> dict[str, Any]:
    """The content of a `--space` file. Raises UserError where it cannot be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"--space {file}: no such file. Write one with `seqapps tune TASK --show-space`."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"--space {file}: not valid TOML: {error}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--space {file}: cannot be read: {error}.") from None


def space_of(base: Any, changes: Mapping[str, Any] | None = None, *, where: str = "space") -> Space:
    """The space around `base`, with the `changes` of a `--space` file; `where` names that.

    A change is a table for a setting: `low`, `high`, `log` or `choices`, which adds the setting
    where it is not searched by itself; `fix`, a value that it keeps; `leave_out = true`. The key
    `only` lists the settings that are searched of those that are searched by themselves.
    """
    changes = dict(changes or {})
    only = _only(base, changes.pop("only", None), where=where)
    for name, change in changes.items():
        _check_change(base, name, change, where=where)
    fixed = {name: change["fix"] for name, change in changes.items() if "fix" in change}
    base = settings.replace(base, fixed, where=where)
    found = []
    for field in _fields(base):
        change = changes.get(field.name)
        if change is None and field.name not in only:
            continue
        if change is not None and ("fix" in change or change.get("leave_out")):
            continue
        derived = derive(field, getattr(base, field.name))
        if derived is None and change is None and only is WORTH:
            continue  # a task's own meaning of the name
        dimension = _changed(derived, base, field.name, change or {}, where=where)
        if dimension:
            found.append(_widened(dimension, getattr(base, field.name)))
    if not found:
        raise UserError(
            f"{where}: nothing is left to search. See `seqapps tune TASK --show-space`."
        )
    return Space(base, tuple(found), tuple(fixed))


def _fields(base: Any) -> list[dataclasses.Field[Any]]:
    return settings.fields_of(base)


def _only(base: Any, given: Any, *, where: str) -> tuple[str, ...]:
    if given is None:
        return WORTH
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise UserError(f"{where}: only expects a list of settings' names, received {given!r}.")
    for name in given:
        _check_name(base, name, where=where)
    return tuple(given)


def _check_name(base: Any, name: str, *, where: str) -> None:
    known = [field.name for field in _fields(base)]
    if name not in known:
        raise UserError(f"{where}: unknown setting {name!r}. {nearest(name, known)}")
    if name in NEVER:
        raise UserError(f"{where}: {name} cannot be searched: trials are compared by one metric.")


KEYS = ("low", "high", "log", "choices", "fix", "leave_out")


def _check_change(base: Any, name: str, change: Any, *, where: str) -> None:
    _check_name(base, name, where=where)
    if not isinstance(change, dict):
        raise UserError(
            f"{where}: {name} expects a table, as in [{name}] with low and high, choices, fix or "
            f"leave_out; received {change!r}."
        )
    for key in change:
        if key not in KEYS:
            raise UserError(f"{where}: [{name}] has no {key!r}. {nearest(key, KEYS)}")
    for key in ("low", "high", "fix"):
        if key in change:
            settings.check_value(base, name, change[key], where=f"{where}: [{name}] {key}")
    for key in ("log", "leave_out"):
        if not isinstance(change.get(key, True), bool):
            raise UserError(f"{where}: [{name}] {key} expects true or false.")
    choices = change.get("choices", [0])
    if not isinstance(choices, list) or not choices:
        raise UserError(f"{where}: [{name}] choices expects a list, received {choices!r}.")
    for value in choices if "choices" in change else ():
        settings.check_value(base, name, value, where=f"{where}: [{name}] choices")


def _changed(
    derived: Dimension | None, base: Any, name: str, change: Mapping[str, Any], *, where: str
) -> Dimension | None:
    """The derived dimension after a change of the file."""
    if "choices" in change:
        values = [settings.check_value(base, name, v, where=where) for v in change["choices"]]
        return Dimension(name=name, choices=tuple(dict.fromkeys(values)))
    if not change:
        if derived is None:
            raise UserError(f"{where}: say which values {name} may take: [{name}] choices = [...].")
        return derived
    value = getattr(base, name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UserError(f"{where}: [{name}] is no number; expected choices, fix or leave_out.")
    if derived is None or derived.choices:
        derived = Dimension(name=name, low=value, high=value, whole=isinstance(value, int))
    limits = {key: change[key] for key in ("low", "high", "log") if key in change}
    new = dataclasses.replace(derived, **limits, multiple=1)
    if new.low > new.high or (new.log and new.low <= 0):
        raise UserError(
            f"{where}: [{name}] goes from {new.low} to {new.high}; expected low below high"
            f"{', and above 0 where log is true' if new.log else ''}."
        )
    return new


def _widened(dimension: Dimension, value: Any) -> Dimension:
    """The dimension with the start in it: what it scores is what all is compared with."""
    if dimension.choices:
        if value in dimension.choices:
            return dimension
        return dataclasses.replace(dimension, choices=(value, *dimension.choices))
    if dimension.log and value <= 0:
        return dataclasses.replace(dimension, low=min(dimension.low, value), log=False)
    return dataclasses.replace(
        dimension, low=min(dimension.low, value), high=max(dimension.high, value)
    )
