"""What may end a training early: Ctrl-C, or a search that has seen enough of a trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class Interruption:
    """Python's own way, which the library leaves as it is: KeyboardInterrupt, wherever it comes."""

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Work that ends in good places only, which it tells by `check`."""
        yield

    def check(self) -> None:
        """Raise KeyboardInterrupt if it was asked for before."""

    def after_round(self, entry: Mapping[str, float], *, per_epoch: int) -> None:
        """What a finished and saved round gave, as `history.csv` has it.

        May raise, which ends the training there. `per_epoch` rounds make an epoch.
        """


AT_ONCE = Interruption()
