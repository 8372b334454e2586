"""Words, numbers and marks of a text in plain Python: for metrics and baselines of all scripts.

Models have codecs, which live in their graph. Imports no tensorflow.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

# Scripts that put no space between words: each of their characters is a token.
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
TOKEN = rf"[{UNSPACED}]\p{{M}}*|[\p{{L}}\p{{M}}--{UNSPACED}]+(?:['’]\p{{L}}+)*|\p{{N}}+|\S"


def tokens(text: str) -> list[str]:
    """What a text is made of, without its white space.

    >>> tokens("It isn't 3. März 1999!")
    ['It', "isn't", '3', '.', 'März', '1999', '!']
    >>> tokens("1999年3月3日, 3월")
    ['1999', '年', '3', '月', '3', '日', ',', '3', '월']
    """
    return [match.group() for match in token_pattern().finditer(text)]


def spaced(text: str) -> list[str]:
    r"""What ASCII white space separates, as `tf.strings.split` has it: others are characters.

    >>> spaced("It is  n't 1\u00a0000 .\n")
    ['It', 'is', "n't", '1\xa0000', '.']
    """
    return re.findall(r"[^ \t\n\v\f\r]+", text)


def with_tags(words: Sequence[str], tags: Sequence[str]) -> str:
    """Words with their tags for people; padding is left out.

    >>> with_tags(["The", "watch", ""], ["DET", "NOUN", ""])
    'The/DET watch/NOUN'
    """
    return " ".join(f"{word}/{tag}" for word, tag in zip(words, tags, strict=False) if word)


def unspaced(token: str) -> bool:
    """Whether the token is of a script that puts no space between words."""
    return _compiled(f"[{UNSPACED}]").match(token) is not None


def token_pattern() -> Any:
    """The compiled pattern of a token, for who wants the places too."""
    return _compiled(TOKEN)


@cache
def _compiled(pattern: str) -> Any:
    import regex

    return regex.compile(f"(?V1){pattern}")


def is_unicode(text: str) -> bool:
    """Whether UTF-8 can hold it; what Python makes of other bytes in an argument it cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
