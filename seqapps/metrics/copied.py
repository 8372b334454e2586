"""Whether a language model writes or recites: n-grams that training has, and different ones.

Texts are strings, of which the characters are meant, or arrays of token ids [time].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

Text = str | np.ndarray[Any, Any]
AT_ONCE = 1_000_000  # n-grams; 8 MB of hashes
# Odd numbers that spread what differs in a few low bits over 64 (Steele, Lea and Flood 2014).
SPREAD, TURN = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)


def copied_share(generated: Iterable[Text], training: Iterable[Text], *, length: int = 8) -> float:
    """Of all n-grams of the generated texts, the share that some training text holds, 0 to 1.

    To be read beside the share of held-out text, which is never 0 either. NaN where no generated
    text has `length` tokens. The training texts are read once, one after the other: give those of
    a long document with an overlap of `length` - 1 to miss none at their ends. N-grams are told
    apart by 64-bit hashes: one is taken for any of a billion others once in 10^10 times.

    >>> copied_share(["abcde"], ["xabcx"], length=3)  # of abc, bcd, cde
    0.3333333333333333
    """
    hashes, counts = np.unique(_of_all(generated, length), return_counts=True)
    if not len(hashes):
        return float("nan")
    found = np.zeros(len(hashes), bool)
    for text in training:
        for part in _parts(text, length):
            found |= np.isin(hashes, part)
    return float(counts[found].sum() / counts.sum())


def distinct_share(generated: Iterable[Text], *, length: int) -> float:
    """Different n-grams as a share of all of them, 0 to 1: distinct-n (Li et al. 2016).

    Low where a model repeats itself. It falls as texts get longer, so compare equally long ones.
    NaN where no text has `length` tokens.

    >>> distinct_share(["abab"], length=2)  # ab, ba, ab
    0.6666666666666666
    """
    hashes = _of_all(generated, length)
    return len(np.unique(hashes)) / len(hashes) if len(hashes) else float("nan")


def _of_all(texts: Iterable[Text], length: int) -> np.ndarray[Any, Any]:
    parts = [part for text in texts for part in _parts(text, length)]
    return np.concatenate([np.zeros(0, "uint64"), *parts])


def _parts(text: Text, length: int) -> Iterator[np.ndarray[Any, Any]]:
    """The hashes of the n-grams of a text, some at a time: uint64 [n-grams]."""
    if length < 1:
        raise ValueError(f"length is {length}; an n-gram has at least 1 token.")
    ids = _ids(text)
    for start in range(0, len(ids) - length + 1, AT_ONCE):
        yield _hashes(ids[start : start + AT_ONCE + length - 1], length)


def _ids(text: Text) -> np.ndarray[Any, Any]:
    if isinstance(text, str):  # UTF-32 has one number for each code point
        return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "uint32")
    return np.asarray(text)


def _hashes(ids: np.ndarray[Any, Any], length: int) -> np.ndarray[Any, Any]:
    spread = (ids.astype("uint64") + np.uint64(1)) * SPREAD
    spread ^= spread >> np.uint64(29)
    windows = len(ids) - length + 1
    hashes = np.zeros(windows, "uint64")
    for place in range(length):
        hashes = (hashes ^ spread[place : place + windows]) * TURN
        hashes ^= hashes >> np.uint64(32)
    return hashes
