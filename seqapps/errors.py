"""The three ways in which seqapps stops on purpose."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """A mistake of the user: one message that says what, where, received and what to do. Exit 2."""


class RunError(Exception):
    """A stage could not do its work although the input was fine. Exit 1."""


class ProofError(RunError):
    """The export does not answer as the trained model does."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that ends an error message: the nearest valid name, then all of them.

    >>> nearest("epoch", ["units", "epochs"])
    "Did you mean 'epochs'? Known: epochs, units."
    """
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    suggestion = f"Did you mean {close[0]!r}? " if close else ""
    return f"{suggestion}Known: {', '.join(names) or 'none'}."
