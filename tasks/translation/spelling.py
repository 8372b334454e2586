"""Rows of the sample of misspelt words, made from CPython's reference text."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from seqapps.data.samples import python_reference
from seqapps.task import Row

TIMES = 10  # misspellings of a word
LONG = 8  # letters of a word that may be misspelt in two places

# Words of prose in small letters: code, grammar, names and quoted words are none.
WORD = re.compile(r"(?<!\S)\(?([a-z]{4,})(?=[.,;:!?)]*(?:\s|$))")
PROSE = re.compile(r"[.:,;)]\s*\Z")
CODE = re.compile(
    r"::=|>>>|^\s{3,}(?:async|class|def|for|from|if|import|print|return|try|while|with)\b",
    re.MULTILINE,
)

# Of -elled and -elling nothing is taken: labeled is right as well.
DOUBLE = re.compile(
    r"(.)\1(?!(?<=ell)(?:ed|ing))|(?<=[aeiou])[bcdfglmnprst](?=[aeiouy])|(?<=[aeiou])[lnpt]$"
)

# Keys that a finger may hit in place of each, on a keyboard as in the United States.
NEIGHBOURS = {
    "a": "qwsz", "b": "vghn", "c": "xdfv", "d": "serfcx", "e": "wsdr", "f": "drtgvc",
    "g": "ftyhbv", "h": "gyujnb", "i": "ujko", "j": "huikmn", "k": "jiolm", "l": "kop",
    "m": "njk", "n": "bhjm", "o": "iklp", "p": "ol", "q": "wa", "r": "edft", "s": "awedxz",
    "t": "rfgy", "u": "yhji", "v": "cfgb", "w": "qase", "x": "zsdc", "y": "tghu", "z": "asx",
}  # fmt: skip

# What sounds the same, or nearly so, to somebody who writes by ear.
BY_EAR = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        ("ph", "f"), ("ck", "k"), ("c(?=[aou])", "k"), ("c(?=[eiy])", "s"),
        ("(?<=[aeiounr])s(?=[ei])", "c"), ("qu", "kw"), ("x(?!$)", "ks"), ("^kn", "n"),
        ("^wr", "r"), ("^wh", "w"), ("gh", ""), ("dge", "ge"), ("(?<=.)ge(?!$)", "je"),
        ("sc(?=[ei])", "s"), ("cc(?=[ei])", "x"), ("(?<![iy])z", "s"), ("tion", "sion"),
        ("sion", "tion"), ("tion", "shun"), ("cial", "shal"), ("(?<=..)able", "ible"),
        ("(?<=..)ible", "able"), ("ance", "ence"), ("ence", "ance"), ("ant", "ent"), ("ent", "ant"),
        ("ary$", "ery"), ("ory$", "ery"), ("or$", "er"), ("er$", "or"), ("(?<=..)le$", "el"),
        ("(?<=..)al$", "el"), ("(?<=..)al$", "le"), ("ie", "ei"), ("ei", "ie"), ("ea", "ee"),
        ("ee", "ea"), ("ou", "ow"), ("oo", "u"), ("ai", "ay"), ("ei", "ay"), ("(?<=.)y(?!$)", "i"),
        ("(?<=[^aeo])y$", "ie"), ("(?<=[a-z]{2})e(?=[lnrt][aeiou])", "a"),
        ("(?<=[a-z]{2})a(?=[lnrt][aeiou])", "e"), ("(?<=[a-z]{2})i(?=[lnrtv][aeiou])", "e"),
        ("(?<=[a-z]{2})e(?=[lnrtv][aeiou])", "i"), ("(?<=[a-z]{2})i(?=te)", "a"),
        ("(?<=[a-z]{2})o(?=[lmnr][aeiou])", "u"), ("(?<=[cfhkpsx])ed$", "t"), ("ally$", "aly"),
        ("(?<=[ln])ely$", "ly"),
    )
)  # fmt: skip


def spelling() -> Iterator[Row]:
    """{"source": "seperate", "target": "separate", "kind": "by ear"}; each word once as it is, too.

    The words of four letters or more in the prose of the reference, about 2,260 in Python 3.11
    (other versions differ). Each is misspelt in ten ways: a wrong key, two letters in the wrong
    order, one too many or too few, a letter doubled or not doubled, or as it sounds; in a long word
    now and then in two places. What is another word of the reference, or might be meant for two of
    them, is left out: nobody could tell. A word that no training row has may have relatives there,
    such as its plural.
    """
    words, known = reference_words()
    meant: dict[str, dict[str, str]] = defaultdict(dict)  # misspelling -> word -> kind
    for word in words:
        for text, kind in misspellings(word).items():
            meant[text][word] = kind
    for word in words:
        yield {"source": word, "target": word, "kind": "right"}
    for text, by_word in meant.items():
        if text not in known and len(by_word) == 1:
            [(word, kind)] = by_word.items()
            yield {"source": text, "target": word, "kind": kind}


def reference_words() -> tuple[list[str], set[str]]:
    """(the words of the reference's prose in alphabetical order, all that it holds of any kind)."""
    found: set[str] = set()
    every: set[str] = set()
    for row in python_reference():
        every |= set(re.findall("[a-z]+", row["text"].lower()))
        for paragraph in row["text"].split("\n\n"):
            if PROSE.search(paragraph) and not CODE.search(paragraph):
                found |= set(WORD.findall(paragraph))
    return sorted(found), every


def misspellings(word: str) -> dict[str, str]:
    """Text -> kind, of ten misspellings; always the same ones of the same word."""
    drawn = random.Random(word)
    found: dict[str, str] = {}
    while len(found) < TIMES:
        kind = drawn.choice(list(KINDS))
        text = KINDS[kind](word, drawn)
        if len(word) >= LONG and drawn.random() < 0.2:
            other = drawn.choice(list(KINDS))
            kind, text = "two places", KINDS[other](text, drawn)
        if text != word:
            found.setdefault(text, kind)
    return found


def _wrong_key(word: str, drawn: random.Random) -> str:
    place = drawn.randrange(len(word))
    return word[:place] + drawn.choice(NEIGHBOURS[word[place]]) + word[place + 1 :]


def _key_too_many(word: str, drawn: random.Random) -> str:
    place = drawn.randrange(len(word))
    pressed = [word[place], drawn.choice(NEIGHBOURS[word[place]])]
    drawn.shuffle(pressed)
    return word[:place] + "".join(pressed) + word[place + 1 :]


def _key_too_few(word: str, drawn: random.Random) -> str:
    place = drawn.randrange(1, len(word))  # hardly anybody forgets the first letter
    return word[:place] + word[place + 1 :]


def _wrong_order(word: str, drawn: random.Random) -> str:
    place = drawn.randrange(len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _doubled(word: str, drawn: random.Random) -> str:
    """One letter of a double one, or a single consonant between vowels or at the end twice."""
    places = [match.start() for match in DOUBLE.finditer(word)]
    if not places:
        return word
    place = drawn.choice(places)
    twice = word[place : place + 2] == 2 * word[place]
    return word[:place] + word[place] * (1 if twice else 2) + word[place + 1 + twice :]


def _by_ear(word: str, drawn: random.Random) -> str:
    matches = [(match, text) for rule, text in BY_EAR for match in rule.finditer(word)]
    if not matches:
        return word
    match, text = drawn.choice(matches)
    return word[: match.start()] + text + word[match.end() :]


KINDS: dict[str, Callable[[str, random.Random], str]] = {
    "wrong key": _wrong_key,
    "key too many": _key_too_many,
    "key too few": _key_too_few,
    "wrong order": _wrong_order,
    "doubled": _doubled,
    "by ear": _by_ear,
}
