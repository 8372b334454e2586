"""Where the words of a raw text are, so that one of them can be left out. No TensorFlow."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Scripts without spaces between words: every character of them is a piece of its own.
NO_SPACES = r"\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
PIECE = re.compile(rf"[{NO_SPACES}]|[^\W{NO_SPACES}]+(?:['’][^\W{NO_SPACES}]+)*")


@dataclass(frozen=True)
class Piece:
    """A word, or a character of a script without spaces, and where it stands in the text."""

    text: str
    start: int
    end: int

    @property
    def key(self) -> str:
        """The same for every way in which the word is written large or small."""
        return self.text.casefold()


def pieces(text: str) -> list[Piece]:
    """The words of a text in order, without what stands between them.

    >>> [piece.text for piece in pieces("It isn't dull, 很好")]
    ['It', "isn't", 'dull', '很', '好']
    """
    return [Piece(found[0], found.start(), found.end()) for found in PIECE.finditer(text)]


def without(text: str, piece: Piece) -> str:
    """The text with the piece left out.

    >>> without("A dull film", pieces("A dull film")[1])
    'A  film'
    """
    return text[: piece.start] + text[piece.end :]
