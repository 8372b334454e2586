"""A task's own sections stand on the page as they were given, whatever is in them."""

import re

import pytest

from seqapps.report.page import render
from seqapps.report.shown import sections
from seqapps.task import Figure, Passage, Passages, Section, Shaded, Table


def page_of(*parts, title="What it does"):
    own = sections([Section(title=title, parts=list(parts), note="a note")], first=3)
    return render("sections.jinja", own=own)


def line(title):
    return Figure(title=title, draw=lambda axes: axes.plot([1, 2]))


def test_figures_that_follow_each_other_stand_side_by_side():
    table = Table(title="t", head=["a"], rows=[["1"]])
    own = sections([Section(title="s", parts=[line("a"), line("b"), table, line("c")])], first=3)
    parts = own[0]["parts"]
    assert [part["kind"] for part in parts] == ["figures", "table", "figures"]
    assert len(parts[0]["figures"]) == 2
    ids = {found for part in (parts[0], parts[2]) for figure in part["figures"]
           for found in re.findall(r'id="(f\d+)-', figure["svg"])}  # fmt: skip
    assert ids == {"f3", "f4", "f5"}, "ids of figures that were on the page before would clash"


def test_columns_of_numbers_stand_to_the_right_and_long_texts_may_break():
    rows = [["one", "1,234", "-2.5 %", "a long text that goes on and on"], ["2", "-", "0.1 %", "x"]]
    [part] = sections(
        [Section(title="s", parts=[Table(title="t", head=list("abcd"), rows=rows)])], first=0
    )[0]["parts"]
    assert [kind for _, kind in part["head"]] == ["", "number", "number", "value"]


def test_a_row_of_another_length_is_an_error():
    with pytest.raises(ValueError, match="zip"):
        page_of(Table(title="t", head=["a", "b"], rows=[["1", "2"], ["3"]]))


def test_everything_is_escaped():
    evil = '<script>"&'
    passages = [Passage(evil, evil, lead=evil), Passage(evil, [Shaded(evil, 0.5, evil)])]
    text = page_of(
        Table(title=evil, head=[evil], rows=[[evil]], note=evil),
        Passages(title=evil, passages=passages, note=evil),
        title=evil,
    )
    assert "<script" not in text
    assert '"&"' not in text
    assert text.count("&lt;script&gt;&#34;&amp;") >= 12


def test_shaded_parts_are_put_together_without_spaces_and_newlines_are_seen():
    parts = [Shaded("th", 0.5), Shaded("e", 2.0), Shaded("\n", 0.0), Shaded(" end", -1.0)]
    text = page_of(Passages(title="t", passages=[Passage("c", parts, lead="before ")]))
    [found] = re.findall(r'<p class="text[^>]*>(.*?)</p>', text, re.DOTALL)
    assert re.sub(r"<[^>]*>", "", found) == "before the↵\n end"
    assert re.findall(r"--a:(\d+)%", found) == ["50", "100", "0", "0"]


def test_passages_stand_in_as_many_columns_as_they_say():
    text = page_of(Passages(title="t", passages=[Passage("c", "x")] * 3, columns=3))
    assert 'style="--columns:3"' in text
    assert text.count("<article>") == 3
