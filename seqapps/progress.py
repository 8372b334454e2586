"""The one place through which long work tells how far it is; the command line draws it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[..., None]  # advance(steps, loss=0.5, ...): figures are shown beside the bar


class Progress:
    """Says nothing: what the library uses unless told otherwise. `seqapps.cli` draws bars."""

    def say(self, line: str) -> None:
        """One finished fact, such as a stage that is done."""

    @contextmanager
    def track(self, title: str, total: int | None = None) -> Iterator[Advance]:
        """A piece of work of `total` steps, or of unknown length."""
        yield lambda steps=1, **figures: None


SILENT = Progress()
