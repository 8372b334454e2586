"""Ctrl-C while a model is trained: at once, unless the command line brings a gentler way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Interruption:
    """Python's own way, which the library leaves as it is: KeyboardInterrupt, wherever it comes."""

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Work that ends in good places only, which it tells by `check`."""
        yield

    def check(self) -> None:
        """Raise KeyboardInterrupt if it was asked for before."""


AT_ONCE = Interruption()
