"""Answers that take their time: a text piece by piece, stopped, asked again."""

import threading

import pytest
from asked_page import HOSTILE, ROW, answered, ask

from seqapps.task import DEFAULT, GO_ON, Column, Output, Signature

pytestmark = pytest.mark.browser


def parts(prompt):
    option = Column("integer", "m", default=40)
    told = {"continuation": Output("sample", "m"), "written": Output("sample", "m"),
            "ended": Output("sample", "m")}  # fmt: skip
    text = {"text": Output("sample", "m"), "continuation": Output("sample", "m")}
    return {
        DEFAULT: Signature(prompt, text, "m"),
        "generate": Signature({**prompt, "max_tokens": option}, text, "m"),
        GO_ON: Signature(
            {**prompt, "written": Column("text", "m"), "max_tokens": option}, told, "m"
        ),
    }


def in_parts(body, ended_at=1000):
    """As many letters as were asked for, after those that are there."""
    [row] = body["instances"]
    written = row["written"] + "x" * row["max_tokens"]
    told = {"continuation": f"{HOSTILE} {written}", "written": written,
            "ended": int(len(written) >= ended_at)}  # fmt: skip
    return 200, {"predictions": [told]}


def test_a_text_goes_on_piece_by_piece_until_it_is_as_long_as_was_asked(serve, surf):
    url, asked = serve(parts({"prompt": Column("text", "m")}), in_parts)
    page, said, _ = surf(url)
    answer = ask(page, "Once")
    assert [row["instances"][0]["max_tokens"] for _, row in asked] == [8, 16, 16]
    assert answer.locator(".said").inner_text() == f"Once{HOSTILE} {'x' * 40}"
    assert said == []


def test_a_text_that_ends_is_asked_for_no_more(serve, surf):
    url, asked = serve(parts({"prompt": Column("text", "m")}), lambda body: in_parts(body, 20))
    page, _, _ = surf(url)
    ask(page, "Once")
    assert len(asked) == 2


def test_writing_can_be_stopped_and_what_was_written_stays(serve, surf):
    first_part, stopped = threading.Event(), threading.Event()

    def respond(body):
        if first_part.is_set():
            stopped.wait(20)
        first_part.set()
        return in_parts(body)

    url, _ = serve(parts({"prompt": Column("text", "m")}), respond)
    page, _, _ = surf(url)
    page.locator("textarea").first.fill("Once")
    page.locator("button[type=submit]").click()
    page.locator(".said").wait_for()
    page.locator(".stop").click()
    answered(page)
    stopped.set()
    assert page.locator(".status").inner_text() == "Stopped."
    assert page.locator(".said").inner_text() == f"Once{HOSTILE} {'x' * 8}"
    assert page.locator(".stop").is_hidden()


def test_what_was_written_before_an_error_stays(serve, surf):
    def respond(body):
        written = body["instances"][0]["written"]
        return (503, {"error": "out of memory"}) if written else in_parts(body)

    url, _ = serve(parts({"prompt": Column("text", "m")}), respond)
    page, _, _ = surf(url)
    answer = ask(page, "Once")
    assert page.locator("form > .problem").inner_text() == "out of memory"
    assert answer.locator(".said").inner_text() == f"Once{HOSTILE} {'x' * 8}"
    assert page.locator(".status").inner_text() == "What came before the error is kept."


def test_a_question_that_is_asked_again_is_answered_once(serve, surf):
    """The first answer comes late, and must not replace the second."""
    late = threading.Event()

    def respond(body):
        text = body["instances"][0]["text"]
        if text == "first":
            late.wait(20)
        return 200, {"predictions": [{**ROW, "label": text}]}

    url, _ = serve(respond=respond)
    page, _, _ = surf(url)
    page.locator("textarea").fill("first")
    page.locator("button[type=submit]").click()
    answer = ask(page, "second")
    late.set()
    page.wait_for_timeout(300)
    assert answer.locator(".said").inner_text() == "second"
