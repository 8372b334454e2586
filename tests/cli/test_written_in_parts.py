"""`seqapps predict`: a text is shown while it is written, and inputs that are the same for all."""

import pytest

from seqapps.cli.inputs import same_for_all
from seqapps.cli.predict import FIRST_PART, LONGEST_PART, write_in_parts
from seqapps.errors import UserError
from seqapps.task import Column

TEXT = "abcdefghijklmnopqrstuvwxyz" * 31
INPUTS = {
    "prompt": Column("text", "what it begins with"),
    "max_tokens": Column("integer", "how many", default=300),
    "temperature": Column("number", "how bold", default=0.7),
}


def model_of(text, asked, *, ends=True):
    """Writes `text`, a character a token; `asked` is told how many each time."""

    def answer(row):
        asked.append(row["max_tokens"])
        done = len(row["written"].split())
        whole = text[: done + row["max_tokens"]]
        written = " ".join(str(ord(letter)) for letter in whole)
        return {
            "continuation": whole,
            "written": written,
            "ended": int(ends and done + row["max_tokens"] > len(text)),
        }

    return answer


@pytest.mark.parametrize("wanted", [1, FIRST_PART, FIRST_PART + 1, 97, 797])
def test_the_parts_are_the_text_and_grow(wanted, capsys):
    asked = []
    write_in_parts(model_of(TEXT, asked), {"prompt": "x", "max_tokens": wanted})
    assert capsys.readouterr().out == TEXT[:wanted]
    assert sum(asked) == wanted
    assert asked[:-1] == sorted(asked[:-1])
    assert max(asked) <= LONGEST_PART


def test_it_stops_where_the_document_ends(capsys):
    asked = []
    write_in_parts(model_of(TEXT[:41], asked), {"prompt": "x", "max_tokens": 10**6})
    assert capsys.readouterr().out == TEXT[:41]
    assert sum(asked) < 100


def test_it_stops_where_no_more_is_written(capsys):
    """The model has a limit of its own and says nothing of an end."""
    asked = []
    write_in_parts(model_of(TEXT[:23], asked, ends=False), {"prompt": "x", "max_tokens": 10**6})
    assert capsys.readouterr().out == TEXT[:23]
    assert len(asked) < 7


def test_nothing_is_asked_where_nothing_is_wanted(capsys):
    asked = []
    write_in_parts(model_of(TEXT, asked), {"prompt": "x", "max_tokens": 0})
    assert (capsys.readouterr().out, asked) == ("", [])


def test_inputs_with_a_default_are_given_and_with_changes_them():
    assert same_for_all(INPUTS, []) == {"max_tokens": 300, "temperature": 0.7}
    found = same_for_all(INPUTS, ["temperature=0.25", "max_tokens=17", "prompt=a=b"])
    assert found == {"max_tokens": 17, "temperature": 0.25, "prompt": "a=b"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("temperature", "expected KEY=VALUE"),
        ("temperatur=1", "temperature"),
        ("temperature=warm", "temperature is a number: how bold"),
        ("max_tokens=1.5", "max_tokens is a whole number: how many"),
    ],
)
def test_what_cannot_be_is_told(given, says):
    with pytest.raises(UserError, match=says):
        same_for_all(INPUTS, [given])
