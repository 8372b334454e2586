"""Texts that were damaged on their way: read in a wrong encoding, cut out of a web page."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from seqapps.doctor.view import SHOWN, WIDTH, Finding, View, printable
from seqapps.task import Row

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
# Only tags that HTML has: <unk>, <3 and <name> are what people write.
TAG = re.compile(
    r"</?(?:a|b|br|blockquote|body|code|div|em|font|h[1-6]|head|hr|html|i|img|li|ol|p|pre|script"
    r"|span|strong|style|sub|sup|table|td|th|tr|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
ANY = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]|&[#A-Za-z]|</?[A-Za-z]")

WHAT = {
    "mojibake": "rows with text that was read in a wrong encoding",
    "garbled": "rows with garbled characters that cannot be repaired for certain",
    "replacement_characters": "rows with U+FFFD, which stands for a lost character",
    "control_characters": "rows with control characters",
    "html": "rows with HTML entities or tags",
}
RUN = {
    "mojibake": "keeps them as they are: damaged words are words of their own",
    "garbled": "keeps them as they are",
    "replacement_characters": "keeps them as they are",
    "control_characters": "keeps them as they are",
    "html": "keeps them as they are: 'br' and 'amp' become words",
}


class Texts:
    """Looks at every text of a row; counts rows and keeps the first examples of each kind."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._columns = view.columns("text", "category")
        self._repairer = Repairer()
        self._counts = dict.fromkeys(WHAT, 0)
        self._first: dict[str, list[tuple[int, str]]] = {kind: [] for kind in WHAT}

    def add(self, first: int, rows: Sequence[Row]) -> None:
        """Look at the rows whose positions start with `first`."""
        for position, row in enumerate(rows, first):
            found: dict[str, str] = {}
            for name in self._columns:
                text = row[name]
                if ANY.search(text) or not text.isascii():
                    for kind, shown in self._problems(text).items():
                        found.setdefault(kind, shown)
            for kind, shown in found.items():
                self._counts[kind] += 1
                if len(self._first[kind]) < SHOWN:
                    self._first[kind].append((position, shown))

    def findings(self) -> list[Finding]:
        return [
            Finding(
                kind=kind,
                count=count,
                what=WHAT[kind],
                run=RUN[kind],
                fix="repaired" if kind == "mojibake" else "kept",
                examples=[
                    self._view.example(position, seen={position: shown})
                    for position, shown in self._first[kind]
                ],
            )
            for kind, count in self._counts.items()
            if count
        ]

    def _problems(self, text: str) -> dict[str, str]:
        """What is wrong with a text: {kind: the place in it, shown}."""
        found = {}
        repaired = self._repairer.repaired(text)
        if repaired != text:
            at = _first_difference(text, repaired)
            width = WIDTH // 2 - 2
            found["mojibake"] = f"{_around(text, at, width)} -> {_around(repaired, at, width)}"
        elif self._repairer.is_bad(text):
            found["garbled"] = _around(text, 0)
        lost = text.find("\ufffd")
        if lost >= 0:
            found["replacement_characters"] = _around(text, lost)
        control = CONTROL.search(repaired)
        if control:
            found["control_characters"] = _around(repaired, control.start())
        mark = TAG.search(text) or next(
            (hit for hit in ENTITY.finditer(text) if html.unescape(hit[0]) != hit[0]), None
        )
        if mark:
            found["html"] = _around(text, mark.start())
        return found


class Repairer:
    """Undoes wrong decodings; ftfy is imported when the first one is made."""

    def __init__(self) -> None:
        import ftfy
        from ftfy import badness

        self._fix, self._is_bad = ftfy.fix_encoding, badness.is_bad

    def is_bad(self, text: str) -> bool:
        """Whether it reads like text in a wrong encoding."""
        return not text.isascii() and bool(self._is_bad(text))

    def repaired(self, text: str) -> str:
        """'cafÃ©' -> 'café'; any other text as it is."""
        return str(self._fix(text)) if self.is_bad(text) else text


def _first_difference(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), 0)


def _around(text: str, place: int, width: int = WIDTH) -> str:
    """The text around a place, in one line."""
    start = max(0, place - width // 3)
    before = "..." if start else ""
    piece = " ".join(printable(text[start : start + width]).split())
    return before + piece + ("..." if start + width < len(text) else "")
