"""Rows of the task's sample: sentences of a small grammar, made up by rule, with their tags."""

import random
from collections.abc import Iterator, Sequence
from typing import TypeVar

from seqapps.task import Row

# Nouns and verbs by what stands beside them: "The watch stopped", "They watch the watch".
BOTH = ("watch", "play", "paint", "plant", "ship", "guard", "answer", "light", "walk", "water")
# Adjectives before a noun and nouns elsewhere: "the cold wind", "the cold comes".
EITHER = ("cold", "green", "dark", "human", "light", "round")
NOUNS = ("garden", "river", "teacher", "house", "game", "letter", "wind", "can")
VERBS = ("find", "like", "keep", "leave", "build", "hear")
ADJECTIVES = ("old", "quiet", "small", "new", "strange")
ADVERBS = ("often", "soon", "never", "again")
PREPOSITIONS = ("in", "near", "like", "before", "to")  # like: VERB, too; to: PART before a verb
MODALS = ("can", "will", "must")  # can: NOUN, too
ENDINGS = {
    "NOUN": ("tion", "ness", "ment", "ity"),
    "ADJ": ("ous", "ful", "able", "ish"),
    "ADV": ("ously", "fully", "ably"),
    "VERB": ("ize", "ify", "ate"),
    "PROPN": ("ia", "ov", "ton"),
}
STEMS, OWN = 40, 0.5  # of each split's words with endings, this share is in no other split
Words = list[tuple[str, str]]  # (word, tag)
T = TypeVar("T")


def made_up(split: str, count: int) -> Iterator[Row]:
    """{"text": "The watch stops .", "tags": "DET NOUN VERB PUNCT"}: `count` different sentences.

    Stems are made of syllables that mean nothing, so that endings, and what stands beside, tell
    what words such as "belotious" are. Of these words, 6 in 8 are those of training, 1 in 8 those
    of each other split.
    """
    drawn = _Drawn(split)
    seen: set[str] = set()
    while len(seen) < count:
        words = drawn.sentence()
        first, tag = words[0]
        words[0] = (first[0].upper() + first[1:], tag)
        text = " ".join(word for word, _ in words)
        key = f"{split} {text}"
        # A sentence of plain words may be drawn for every split; its hash says whose it is.
        if key not in seen and (drawn.owned or _split_of(text) == split):
            seen.add(key)
            yield {"text": text, "tags": " ".join(tag for _, tag in words)}


# Here, so that the cache of rows knows by this file when they are other ones.
def train() -> Iterator[Row]:
    return made_up("train", 2400)


def valid() -> Iterator[Row]:
    return made_up("valid", 300)


def test() -> Iterator[Row]:
    return made_up("test", 300)


def _split_of(text: str) -> str:
    return ("valid", "test", *["train"] * 6)[random.Random(text).randrange(8)]


class _Drawn:
    """A grammar whose rules are drawn at random; `owned` tells of a word that is the split's."""

    def __init__(self, split: str) -> None:
        self.split = split
        self.random = random.Random(f"made-up {split}")
        self.owned = False

    def sentence(self) -> Words:
        self.owned = False
        subject, plural = self._subject()
        words = [*subject, *self._predicate(plural)]
        if self._chance(0.2):
            words += [("that" if self._chance(0.5) else "before", "SCONJ")]
            subject, plural = self._subject()
            words += [*subject, *self._predicate(plural)]
        return [*words, (self._one("..!"), "PUNCT")]

    def _subject(self) -> tuple[Words, bool]:
        if self._chance(0.25):
            pronoun = self._one(("they", "we", "it", "she"))
            return [(pronoun, "PRON")], pronoun in ("they", "we")
        if self._chance(0.15):
            return [(self._with_ending("PROPN").capitalize(), "PROPN")], False
        plural = self._chance(0.4)
        return self._noun_phrase(plural), plural

    def _noun_phrase(self, plural: bool, *, bare: bool = False) -> Words:
        """`bare`: without an article, so that a word behind a verb may be a noun or an adverb."""
        words = (
            []
            if bare
            else [(self._one(("the", "this", "that") if not plural else ("the", "some")), "DET")]
        )
        if self._chance(0.4):
            words.append((self._adjective(), "ADJ"))
        return [*words, (self._noun(plural), "NOUN")]

    def _predicate(self, plural: bool) -> Words:
        kind = self._one(("transitive", "modal", "infinitive", "is", "alone"))
        if kind == "modal":
            words = [(self._one(MODALS), "AUX"), (self._verb(plural=True), "VERB")]
        elif kind == "infinitive":
            words = [(_third("want", not plural), "VERB"), ("to", "PART")]
            words.append((self._verb(plural=True), "VERB"))
        elif kind == "is":
            # Of plain words here none that may be both, which nothing could tell.
            noun = (self._word("NOUN", NOUNS), "NOUN")
            told = noun if self._chance(0.4) else (self._adjective(), "ADJ")
            return [("are" if plural else "is", "AUX"), told]
        else:
            words = [(self._verb(plural), "VERB")]
        if kind != "alone":
            words += self._noun_phrase(self._chance(0.3), bare=self._chance(0.4))
        if self._chance(0.3):
            words += [(self._one(PREPOSITIONS), "ADP"), *self._noun_phrase(self._chance(0.3))]
        elif self._chance(0.3):
            words.append((self._word("ADV", ADVERBS), "ADV"))
        return words

    def _noun(self, plural: bool) -> str:
        return _third(self._word("NOUN", self._one((BOTH, EITHER, NOUNS))), plural)

    def _adjective(self) -> str:
        return self._word("ADJ", self._one((EITHER, ADJECTIVES)))

    def _verb(self, plural: bool) -> str:
        return _third(self._word("VERB", self._one((BOTH, VERBS))), not plural)

    def _word(self, tag: str, plain: tuple[str, ...]) -> str:
        return self._with_ending(tag) if self._chance(0.35) else self._one(plain)

    def _with_ending(self, tag: str) -> str:
        """A stem with an ending of the tag; half of them are words of this split alone."""
        own = self._chance(OWN)
        owner = self.split if own else "train"
        self.owned |= own
        while True:
            number, ending = self.random.randrange(STEMS), self._one(ENDINGS[tag])
            word = _stem(number) + ending
            if _split_of(f"{word} {tag}") == owner:
                return word

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    def _one(self, choices: Sequence[T]) -> T:
        return self.random.choice(choices)


def _stem(number: int) -> str:
    """Syllables of a stem, always the same ones."""
    drawn = random.Random(f"stem {number}")
    return "".join(drawn.choice("bdfgklmnprstv") + drawn.choice("aeiou") for _ in range(2)) + (
        drawn.choice("lnrt")
    )


def _third(word: str, wanted: bool) -> str:
    """Watch -> watches, play -> plays, colonify -> colonifies."""
    if not wanted:
        return word
    if word.endswith(("ch", "sh", "s")):
        return f"{word}es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"
