"""Words, numbers and marks, in scripts with spaces and without."""

import subprocess
import sys

import pytest

from seqapps.text.tokens import tokens, unspaced


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It isn't 3. März 1999!", "It isn't 3 . März 1999 !"),
        ("l’été, «oui»", "l’été , « oui »"),
        ("1999-03-03", "1999 - 03 - 03"),
        ("2nd rock'n'roll a_b", "2 nd rock'n'roll a _ b"),
        ("1999년 3월 3일", "1999 년 3 월 3 일"),
        ("1999年3月のカード。", "1999 年 3 月 の カ ー ド 。"),
        ("हिन्दी भाषा", "हिन्दी भाषा"),  # with its vowel signs
        ("สวัสดี", "ส วั ส ดี"),
        ("e\u0301t\u00e9", "e\u0301t\u00e9"),  # composed or not
        (" \t\n", ""),
        ("😀😀", "😀 😀"),
    ],
)
def test_tokens_by_hand(text, expected):
    assert tokens(text) == expected.split()


def test_characters_of_scripts_without_spaces_are_known():
    assert [token for token in tokens("a 年 の 7 월 ! ส") if unspaced(token)] == ["年", "の", "ส"]


def test_nothing_but_white_space_is_lost():
    text = "Ça va? 3,5 % — 좋다! ก่อน"
    assert "".join(tokens(text)) == "".join(text.split())


def test_they_are_plain_python():
    code = "import sys, seqapps.text.tokens; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
