"""Rows of the task's samples."""

from collections.abc import Iterator

from seqapps.data import samples
from seqapps.task import Row


def python_reference() -> Iterator[Row]:
    """{"text": 'The "assert" statement...', "topic": "assert"}: a document for each topic."""
    yield from samples.python_reference()


def hamlet() -> Iterator[Row]:
    r"""{"text": "BERNARDO\nWho's there?\n\nFRANCISCO\n...", "act": "I", "scene": "I"}.

    A document for each scene, with the speakers' names on lines of their own, as it is printed.
    """
    said: list[str] = []
    place = ("", "")
    for row in samples.hamlet():
        here = (row["act"], row["scene"])
        if said and place[1] and here != place:  # a title or an act's heading opens its scene
            yield _scene(said, place)
            said = []
        place = here
        name = "" if row["speaker"] == samples.STAGE else f"{row['speaker']}\n"
        said.append(f"{name}{row['text']}\n")
    yield _scene(said, place)


def speeches() -> Iterator[Row]:
    """{"text": "...", "party": "democrat", "speaker": "BARACK OBAMA", "speech": "democrat 1"}.

    A document for each speech: what its main speaker says, without names, calls of the audience
    and remarks in brackets.
    """
    for row in samples.speeches():
        own = [words for name, words in samples.spoken(row["text"]) if name == row["speaker"]]
        text = "\n".join(" ".join(samples.without_remarks(words).split()) for words in own)
        if text.strip():
            yield {**row, "text": f"{text}\n"}


def _scene(said: list[str], place: tuple[str, str]) -> Row:
    return {"text": "\n".join(said), "act": place[0], "scene": place[1]}
