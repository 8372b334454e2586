"""Sections that a task fills, as a browser shows them: they fit, and texts read as they were."""

from importlib import resources

import pytest

from seqapps.report.page import render
from seqapps.report.shown import sections
from seqapps.task import Figure, Passage, Passages, Section, Shaded, Table

pytestmark = pytest.mark.browser

TOKENS = ["A", " token", "\n", "unbroken" * 30, " 😀", " </p>"]
PARTS = [
    Passages(
        title="Three beside each other",
        passages=[Passage(f"number {n}", "goes on " * 40, lead="The prompt ") for n in range(6)],
        columns=3,
    ),
    Passages(title="Shaded", passages=[Passage("c", [Shaded(text, 0.9, "t") for text in TOKENS])]),
    Table(title="Wide", head=["", *["a head"] * 12], rows=[["name", *["12,345"] * 12]] * 3),
    Figure(title="Drawn", draw=lambda axes: axes.plot([1, 2])),
]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    style = resources.files("seqapps.report").joinpath("style.css").read_text("utf-8")
    body = render("sections.jinja", own=sections([Section(title="Own", parts=PARTS)], first=0))
    path = tmp_path_factory.mktemp("own") / "own.html"
    path.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>own</title><style>{style}</style><main>{body}</main></html>",
        encoding="utf-8",
    )
    return path


def test_sections_fit_and_passages_stand_beside_each_other_where_there_is_room(file, visit):
    page, said, _ = visit(file)
    assert said == []
    width = page.evaluate("window.innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = [article.bounding_box() for article in page.locator("article").all()[:3]]
    in_a_line = len({box["y"] for box in boxes}) == 1
    assert in_a_line == (width > 700)


def test_shaded_tokens_read_as_the_text_with_its_line_ends(file, visit):
    page, _, _ = visit(file)
    shown = page.locator(".joined")
    assert shown.evaluate("p => p.textContent") == "".join(TOKENS).replace("\n", "↵\n")
    assert shown.evaluate("p => p.innerText").count("\n") == 1
