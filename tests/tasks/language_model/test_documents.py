"""Documents are cut into pieces that lose nothing, and know what stands before them."""

import numpy as np
import pytest
from seqapps.tasks.language_model import documents as module
from seqapps.tasks.language_model.documents import (
    CONTEXT,
    FEWEST,
    LOOK,
    PIECE,
    PROMPT,
    SHORTEST,
    Pieces,
    cuts,
    documents,
)

from seqapps.task import FOLLOWS

ENGLISH = "To be, or not to be, that is the question:\nWhether 'tis nobler in the mind to suffer "
KOREAN = "죽느냐 사느냐 그것이 문제로다. "
EMOJI = "👩‍👩‍👧‍👦👍🏽🇰🇷"


def text_of(size, *, of=ENGLISH):
    return (of * (1 + size // len(of)))[:size]


TEXTS = {
    "short": "To be.",
    "one character": "T",
    "a piece exactly": text_of(PIECE),
    "one character more": text_of(PIECE + 1),
    "many pieces": text_of(7919),
    "no spaces": text_of(7919, of="abcdefghijk"),
    "Korean": text_of(7919, of=KOREAN),
    "Chinese": text_of(7919, of="生存还是毁灭这是一个问题"),
    "emoji": text_of(7919, of=EMOJI),
    "spaces only at places": text_of(7919, of="x" * 331 + " \n\t  "),
    "white space": text_of(7919, of=" \n"),
    "ends in white space": text_of(2011) + " " * 4001,
}


@pytest.fixture
def long_pieces(monkeypatch):
    """Few texts are cut as many are."""
    monkeypatch.setattr(module, "FEWEST", 1)


@pytest.fixture(params=TEXTS)
def text(request):
    return TEXTS[request.param]


def row(text, follows=0.0, **more):
    return {"text": text, FOLLOWS: follows, **more}


def test_the_pieces_joined_are_the_document(text):
    pieces = Pieces([row(text)])
    assert "".join(piece["text"] for piece in pieces) == text
    assert all(piece["text"] for piece in pieces)
    assert list(documents(pieces)) == [text]


MOST = pytest.mark.parametrize("most", [SHORTEST, 997, PIECE])


@MOST
def test_pieces_are_about_equally_long(text, most):
    sizes = [end - start for start, end in cuts(text, most)]
    assert len(sizes) == max(1, -(-len(text) // most))
    assert max(sizes) - min(sizes) <= 2 * LOOK
    assert max(sizes) <= most + LOOK


@MOST
@pytest.mark.parametrize("of", [ENGLISH, KOREAN], ids=["English", "Korean"])
def test_no_word_is_cut_and_keeps_its_space(of, most):
    text = text_of(7919, of=of)
    for start, end in cuts(text, most):
        if start:
            assert text[start].isspace()
            assert not text[start - 1].isspace()
        assert end > start


@pytest.mark.parametrize(
    ("size", "most"), [(307, SHORTEST), (43 * 997, 43 * 997 // FEWEST), (200_003, PIECE)]
)
def test_few_texts_are_cut_in_shorter_pieces(size, most):
    sizes = [len(piece["text"]) for piece in Pieces([row(text_of(size))])]
    assert len(sizes) == -(-size // most)


def test_the_context_is_what_stands_before(text):
    place = 0
    for piece in Pieces([row(text)]):
        assert text[:place].endswith(piece["context"])
        assert min(place, CONTEXT) <= len(piece["context"]) <= CONTEXT + LOOK
        place += len(piece["text"])


@pytest.mark.parametrize("of", [ENGLISH, KOREAN], ids=["English", "Korean"])
def test_a_context_begins_with_a_whole_word(of, long_pieces):
    """With its space, in the same row and in the row before."""
    text = text_of(7919, of=of)
    seen = 0
    for rows in ([row(text)], [row(text[:2999]), row(text[2999:3300], 1.0), row(text[3300:], 1.0)]):
        place = 0
        for piece in Pieces(rows):
            first = place - len(piece["context"])
            if len(piece["context"]) >= CONTEXT:
                assert text[first].isspace()
                assert not text[first - 1].isspace()
                seen += 1
            place += len(piece["text"])
    assert seen > 6


def test_the_last_piece_ends_the_document(long_pieces):
    pieces = Pieces([row(text_of(4801)), row("To be."), row(text_of(2003))])
    assert [piece["ends"] for piece in pieces] == [0, 0, 1, 1, 0, 1]


def test_a_piece_has_the_columns_of_its_row_and_a_prompt(long_pieces):
    pieces = Pieces([row("To be.", act="I"), row(text_of(4801), act="II")])
    assert [piece["act"] for piece in pieces] == ["I", "II", "II", "II"]
    assert [piece["prompt"] for piece in pieces] == [p["text"][:PROMPT] for p in pieces]
    assert len(pieces[1]["prompt"]) == PROMPT


def test_rows_that_follow_are_one_document(long_pieces):
    """A text file in four rows, then another one in two: the end of the first is known."""
    first = [text_of(size) for size in (4801, 211, 97, 3001)]
    second = [text_of(size, of=KOREAN) for size in (401, 103)]
    rows = [row(part, float(n > 0)) for n, part in enumerate(first)]
    rows += [row(part, float(n > 0)) for n, part in enumerate(second)]
    pieces = Pieces(rows)
    assert list(documents(pieces)) == ["".join(first), "".join(second)]
    places = np.cumsum([0, *[len(piece["text"]) for piece in pieces]])
    everything = "".join(first + second)
    for piece, place in zip(pieces, places, strict=False):
        assert everything[:place].endswith(piece["context"])
        assert bool(piece["context"]) == (place not in (0, sum(map(len, first))))
    assert [piece["ends"] for piece in pieces] == [0.0] * 6 + [1.0] + [0.0] * 2


def test_a_document_longer_than_is_held_comes_in_parts(long_pieces, monkeypatch):
    """A file of a gigabyte is one document."""
    monkeypatch.setattr(module, "HELD", 3000)
    long, short = text_of(12_007), text_of(301)
    found = list(documents(Pieces([row(long), row(short)])))
    assert "".join(found) == long + short
    assert found[-1] == short
    assert len(found) > 3
    assert max(map(len, found)) < 3000 + module.PIECE + module.LOOK


def test_the_context_reaches_into_the_row_before_as_far_as_it_holds(long_pieces):
    before, after = text_of(83), text_of(2503)
    first, second, third = Pieces([row(before), row(after, 1.0)])
    assert (first["context"], second["context"]) == ("", before)
    cut = len(second["text"])
    assert cut > CONTEXT
    assert after[:cut].endswith(third["context"])
    assert len(third["context"]) >= CONTEXT
    long = Pieces([row(text_of(701)), row(after, 1.0)])[1]["context"]
    assert CONTEXT <= len(long) <= CONTEXT + LOOK
    assert text_of(701).endswith(long)


def test_a_first_row_that_follows_begins_a_document_here():
    """What it follows is in another split."""
    (piece,) = Pieces([row("To be.", 1.0)])
    assert (piece["context"], piece["ends"]) == ("", 0)


def test_the_end_of_a_text_file_may_lie_in_another_split():
    pieces = Pieces([row("To be,"), row(" or not to be.", 1.0)])
    assert [piece["ends"] for piece in pieces] == [0, 0]


def test_rows_may_come_by_once_and_pieces_are_had_by_place(long_pieces):
    rows = [row(text_of(4801)), row("To be.")]
    pieces, listed = Pieces(iter(rows)), list(Pieces(rows))
    assert len(pieces) == len(listed) == 4
    assert [pieces[-1], pieces[0], *pieces[1:3]] == [listed[3], listed[0], *listed[1:3]]
    with pytest.raises(IndexError):
        pieces[4]


def test_no_rows_are_no_pieces():
    assert list(Pieces([])) == list(documents([])) == []
