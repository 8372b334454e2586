"""The words of a raw text, with their places."""

import pytest

from seqapps.text.pieces import pieces, without


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("... --- !?", []),
        ("A lovely, moving film!", ["A", "lovely", "moving", "film"]),
        ("It isn't, it’s", ["It", "isn't", "it’s"]),
        ("정말 좋은 영화였다.", ["정말", "좋은", "영화였다"]),
        ("很好看 film", ["很", "好", "看", "film"]),
        ("面白い映画", ["面", "白", "い", "映", "画"]),
        ("naïve café", ["naïve", "café"]),
        ("'quoted'", ["quoted"]),
    ],
)
def test_the_pieces_of_a_text(text, found):
    assert [piece.text for piece in pieces(text)] == found


def test_places_are_those_in_the_text():
    text = "很好 - a film"
    for piece in pieces(text):
        assert text[piece.start : piece.end] == piece.text


def test_a_piece_is_left_out_at_its_own_place_only():
    text = "good, not good"
    assert without(text, pieces(text)[2]) == "good, not "


def test_case_makes_no_other_key():
    assert {piece.key for piece in pieces("Straße STRASSE")} == {"strasse"}
