"""Which column of a source is which of the task's: by name, by order, and what to do about one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from seqapps.data.source import Reading, wanted_columns
from seqapps.data.tables import Advice
from seqapps.task import Task


def called(
    task: Task, reading: Reading, wanted: Mapping[str, str], names_of: Callable[[], Sequence[str]]
) -> dict[str, str]:
    """The wanted columns ({ours: theirs}), those that are missing under a name they often have.

    `names_of` reads the names of the columns that are there, where that is needed.
    """
    found = dict(wanted)
    if not any(task.row_columns[ours].called for ours in wanted if ours in task.row_columns):
        return found
    names = names_of()
    for ours, theirs in wanted.items():
        if theirs in names or ours in reading.columns or ours not in task.row_columns:
            continue
        free = (name for name in task.row_columns[ours].called if name not in found.values())
        found[ours] = next((name for name in free if name in names), theirs)
    return found


def in_order(
    task: Task, wanted: Mapping[str, str], names: Sequence[str]
) -> tuple[dict[str, str], list[str]]:
    """(wanted columns ({ours: theirs}) that no name fits read in their order, what is said of it).

    Only where as many are left over as are missing; else nothing is guessed.
    """
    missing = [
        ours
        for ours, theirs in wanted.items()
        if theirs == ours and theirs not in names and ours in task.row_columns
    ]
    left = [name for name in names if name not in wanted.values()]
    if not missing or len(missing) != len(left):
        return dict(wanted), []
    pairs = dict(zip(missing, left, strict=True))
    told = ", ".join(f"{ours} from {theirs!r}" for ours, theirs in pairs.items())
    return {**wanted, **pairs}, [f"read by their order: {told} (--column OURS=THEIRS for others)"]


def advice(task: Task, reading: Reading, *, named: bool, separated: bool = False) -> Advice:
    """What to do where a column of ours is missing.

    `named`: the columns have names that mean something; `separated`: those of a header line.
    """
    wanted = wanted_columns(task, reading)

    def say(ours: str, found: Sequence[str]) -> str:
        if ours == reading.group and ours not in task.row_columns:
            return "Name one of these with --group."
        if not named:
            needed = [name for name in wanted if name in task.row_columns]
            zipped = zip(needed, found, strict=False)
            pairs = (f"--column {name}={theirs}" for name, theirs in zipped)
            return f"Say which is which, as in {' '.join(pairs)}."
        others = task.row_columns[ours].called if ours in task.row_columns else ()
        hint = f"If another column holds it: --column {ours}=NAME."
        if others and ours not in reading.columns:
            hint = f"Expected {ours}, {' or '.join(others)}. {hint}"
        if separated and not {*wanted.values()} & {*found}:
            hint += " If the first line is a row already: --no-header."
        return hint

    return say
