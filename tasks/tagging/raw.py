"""Text as people write it, cut into words as Universal Dependencies cuts English; in the graph."""

import tensorflow as tf

from seqapps.text.token_ids import valid

SHORT = r"n['’]t|['’](?:s|re|ve|ll|d|m)"  # what is written together and is a word of its own
# The first of these that fits is a word. Marks of one kind in a row belong together: ... and --
WORD = "|".join(
    [
        r"(?:https?://|www\.)[^\s]+",
        r"[^\s@]+@[^\s@]+\.\p{L}+",
        r"(?i:mr|mrs|ms|dr|st|jr|sr|vs|inc|ltd|co|corp|no|fig)\.",
        r"(?:\p{L}\.){2,}",
        r"\p{N}+(?i:st|nd|rd|th)\b",
        r"\p{N}+(?:[.,:/]\p{N}+)*",
        rf"(?i:{SHORT})\b",
        r"[\p{L}\p{M}\p{N}_]+",
        r"[:;=8]-?[()DPp/]+",
        r"\.+|-+|!+|\?+|\*+|=+|_+|~+",
        r"[^\s]",
    ]
)


def split_raw(text: tf.Tensor) -> tf.Tensor:
    """Words with a space between: string [batch] -> string [batch].

    "Don't stop, it's 3.5 km!" -> "Do n't stop , it 's 3.5 km !". Contractions are two words,
    hyphens stand alone; what a sentence is, is left to who asks.
    """
    apart = tf.strings.regex_replace(valid(text), rf"(\p{{L}})((?i:{SHORT}))\b", r"\1 \2")
    apart = tf.strings.regex_replace(apart, r"\b((?i)can)((?i)not)\b", r"\1 \2")
    return tf.strings.strip(tf.strings.regex_replace(apart, rf"\s*({WORD})\s*", r"\1 "))
