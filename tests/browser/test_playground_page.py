"""The pages as a browser shows them, with made-up answers: every kind, hostile, wrong, late."""

import base64
import json
from typing import get_args

import pytest
from asked_page import HOSTILE, ROW, answered, answering, ask
from declared_bundle import TEXT, request

from seqapps.task import DEFAULT, AnswerKind, Column, Kind, Output, Signature

pytestmark = pytest.mark.browser

PIXEL = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/q842iQAAAABJRU5ErkJggg=="
    )
).decode()
VALUES = {
    "label": HOSTILE, "labels": [HOSTILE, "other"], "scores": [0.25, 0.75], "text": HOSTILE,
    "sample": HOSTILE, "tokens": [HOSTILE, "word"], "ids": [3, 1], "weights": [0.3, 0.7],
    "number": 2.5, "series": [1.0, 3.0, 2.0], "band": [0.5, 1.0, 1.5],
    "tags": [HOSTILE, "NOUN"],
    "alignment": [[0.9, 0.1], [0.2, 0.8]], "heat_map": [[[0.5, 0.5]], [[0.1, 0.9]]],
}  # fmt: skip


def test_a_text_is_sent_and_the_label_that_came_back_is_read(serve, surf):
    url, asked = serve()
    page, said, elsewhere = surf(url)
    answer = ask(page)
    assert asked == [("made", {"instances": [{"text": "a fine film"}]})]
    assert answer.locator(".said").inner_text() == "positive"
    assert answer.locator("ol.scores .value").all_inner_texts() == ["70.0 %", "30.0 %"]
    assert said == elsewhere == []


def test_a_score_that_is_not_quite_all_or_nothing_says_so(serve, surf):
    row = {"label": "a", "labels": ["a", "b"], "scores": [0.99999, 0.00001]}
    url, _ = serve(respond=answering(row))
    page, _, _ = surf(url)
    assert ask(page).locator(".value").all_inner_texts() == ["> 99.9 %", "< 0.1 %"]


@pytest.mark.parametrize("kind", sorted(get_args(AnswerKind)))
def test_what_is_told_is_text_whatever_its_kind(serve, surf, kind):
    signature = Signature(dict(TEXT.inputs), {"told": Output(kind, HOSTILE)}, HOSTILE)
    # One output alone comes without its name, as TF Serving has it.
    url, _ = serve({DEFAULT: signature}, answering(VALUES[kind]))
    page, said, _ = surf(url)
    answer = ask(page, HOSTILE)
    [told] = answer.locator(".view").all()
    assert told.evaluate("view => view.textContent.trim()")
    assert page.locator("img[src=x], .answer b:text-is('bold')").count() == 0
    assert page.title() == "made · seqapps"
    assert said == []


TOGETHER = {
    "scores": {"label": "label", "labels": "labels", "scores": "scores"},
    "shaded": {"tokens": "tokens", "ids": "ids", "weights": "weights"},
    "tagged": {"tokens": "tokens", "tags": "tags", "scores": "scores", "ids": "ids"},
    "alignment": {"first": "tokens", "second": "tokens", "weights": "alignment"},
    "heat_map": {"tokens": "tokens", "maps": "heat_map"},
}


@pytest.mark.parametrize("view", TOGETHER)
def test_what_belongs_together_is_text_too(serve, surf, view):
    answer = {name: Output(kind, HOSTILE) for name, kind in TOGETHER[view].items()}
    inputs = {"text": TEXT.inputs["text"], "picture": Column("image", "m")}
    values = {name: VALUES[kind] for name, kind in TOGETHER[view].items()}
    golden = [request(DEFAULT, text=["one"], picture=[{"b64": PIXEL}])]
    url, _ = serve({DEFAULT: Signature(inputs, answer, "m")}, answering(values), golden)
    page, said, _ = surf(url)
    page.locator(".examples button").click()
    answered(page)
    assert page.locator(f".view.{view}").inner_text().strip()
    assert page.locator("img[src=x], .answer b:text-is('bold')").count() == 0
    assert page.title() == "made · seqapps"
    assert said == []


def test_a_hostile_example_is_text(serve, surf):
    url, asked = serve(golden=[request(DEFAULT, text=[HOSTILE])])
    page, said, _ = surf(url)
    page.locator(".examples button").click()
    answered(page)
    assert asked[0][1]["instances"] == [{"text": HOSTILE}]
    assert page.locator("img").count() == 0
    assert said == []


def test_tokens_that_count_steps_are_a_line_and_words_are_a_text(serve, surf):
    words = {"t": Output("tokens", "m"), "w": Output("weights", "how much")}
    rows = iter(([["-3", "-2", "-1"], [0.1, 0.2, 0.7]], [["1", "3", "7"], [0.1, 0.2, 0.7]]))

    def respond(body):
        tokens, weights = next(rows)
        return 200, {"predictions": [{"t": tokens, "w": weights}]}

    url, _ = serve({DEFAULT: Signature(dict(TEXT.inputs), words, "m")}, respond)
    page, said, _ = surf(url)
    answer = ask(page)
    assert answer.locator("svg .line").count() == 1
    assert ask(page).locator(".shaded-text").inner_text() == "137"
    assert said == []


@pytest.mark.parametrize(
    ("steps", "answer", "drawn"),
    [
        ((5,), [1, 2, 3], "svg .origin"),  # what comes after five numbers
        ((5,), [1, 2, 3, 4, 5], "ol.scores"),  # may be anything: numbers of their own
        ((5, 3), [[1], [2]], "svg .origin"),  # two coming steps of the first channel
        ((5, 3), [1, 2, 3], "ol.scores"),  # something of each channel
        ((5, 3), [1, 9, 3, 9, 5], "svg .level"),  # scores of the steps, with their threshold
        ((5, 3), [0, 1, 1, 0, 1], "svg .mark"),  # which steps are marked
        ((5, 3), [1, 2, 3, 4], "ol.scores"),
    ],
)
def test_what_a_series_tells_of_is_known_by_its_shape(serve, surf, steps, answer, drawn):
    channels = ("a", "b", "c") if len(steps) == 2 else ()
    column = Column("series", "m", steps, channels=channels)
    told = {"told": Output("series", "m"), "threshold": Output("number", "m")}
    row = [7.0] * 3 if channels else 7.0
    golden = [request(DEFAULT, values=[[row] * 5])]
    url, _ = serve(
        {DEFAULT: Signature({"values": column}, told, "m")},
        answering({"told": answer, "threshold": 8}),
        golden,
    )
    page, said, _ = surf(url)
    page.locator(".examples button").click()
    place = answered(page).locator(".view.series")
    places = {"svg .origin", "ol.scores", "svg .level", "svg .mark"}
    assert {each for each in places if place.locator(each).count()} == {drawn}
    assert said == []


def test_an_example_takes_back_a_text_that_belonged_to_another_one(serve, surf):
    words = {"t": Output("tokens", "m"), "w": Output("weights", "m")}
    inputs = {**TEXT.inputs, "target": Column("text", "empty: its own", default="")}
    both = {**ROW, "t": ["so"], "w": [1.0]}
    signatures = {DEFAULT: TEXT, "explain": Signature(inputs, words, "m")}
    url, asked = serve(signatures, answering(both), [request(DEFAULT, text=["an example"])])
    page, _, _ = surf(url)
    page.locator("[data-control=target] textarea").fill("mine")
    page.locator(".examples button").click()
    answered(page)
    assert asked[1][1]["instances"] == [{"text": "an example", "target": ""}]


def test_an_error_is_shown_as_the_server_says_it_and_nothing_is_lost(serve, surf):
    answers = iter([(200, {"predictions": [ROW]}), (400, {"error": f"row 0: {HOSTILE}"})])
    url, _ = serve(respond=lambda body: next(answers))
    page, _, _ = surf(url)
    ask(page, "first")
    answer = ask(page, "second")
    problem = page.locator("form > .problem")
    assert problem.inner_text() == f"row 0: {HOSTILE}"
    assert problem.get_attribute("role") == "alert"
    assert page.locator("textarea").first.input_value() == "second"
    assert answer.locator(".said").inner_text() == "positive"
    assert "earlier" in page.locator(".status").inner_text()


def test_what_only_explains_may_fail_and_the_answer_stays(serve, surf):
    words = {"t": Output("tokens", "m"), "w": Output("weights", "m")}
    explain = Signature(dict(TEXT.inputs), words, "where it looked")

    def respond(body):
        explains = body.get("signature_name") == "explain"
        return (500, {"error": "no memory"}) if explains else (200, {"predictions": [ROW]})

    url, _ = serve({DEFAULT: TEXT, "explain": explain}, respond)
    page, _, _ = surf(url)
    answer = ask(page)
    assert answer.locator(".said").inner_text() == "positive"
    assert "explain: no memory" in answer.inner_text()


def test_a_server_that_is_gone_is_told(serve, surf):
    url, _ = serve()
    page, _, _ = surf(url)
    page.route("**/*:predict", lambda route: route.abort())
    ask(page)
    assert "cannot be reached" in page.locator("form > .problem").inner_text()


def test_an_answer_that_is_no_json_is_told(serve, surf):
    url, _ = serve()
    page, _, _ = surf(url)
    page.route("**/*:predict", lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>"))
    ask(page)
    problem = page.locator("form > .problem").inner_text()
    assert "502" in problem and "<h1>Bad Gateway</h1>" in problem


def test_the_request_is_told_as_curl_that_a_shell_reads_as_it_was_sent(serve, surf):
    import shlex

    url, asked = serve()
    page, _, _ = surf(url)
    ask(page, 'it\'s "fine"\n$HOME')
    page.locator(".request > summary").click()
    command, answer = page.locator(".request pre").all_inner_texts()
    words = [word for word in shlex.split(command) if word.strip()]
    assert words[:3] == ["curl", "-X", "POST"]
    assert words[3].endswith("/v1/models/made:predict")
    assert json.loads(words[words.index("-d") + 1]) == asked[0][1]
    assert json.loads(answer) == {"predictions": [ROW]}


def test_numbers_that_json_lacks_are_read_and_shown(serve, surf):
    answer = {"n": Output("number", "m"), "s": Output("series", "m")}
    signature = Signature(dict(TEXT.inputs), answer, "m")
    values = {"n": float("nan"), "s": [1.0, float("nan"), float("-inf")]}
    url, _ = serve({DEFAULT: signature}, answering(values))
    page, said, _ = surf(url)
    assert "not a number" in ask(page).inner_text()
    assert said == []


def test_a_number_that_is_none_is_told_beside_its_control(serve, surf):
    option = Column("integer", "tokens to write", default=7)
    url, asked = serve(
        {DEFAULT: Signature({**TEXT.inputs, "most": option}, dict(TEXT.answer), "m")}
    )
    page, _, _ = surf(url)
    number = page.locator("input[type=number]")
    number.fill("1.5")
    page.locator("button[type=submit]").click()
    wrong = page.locator("[data-control=most] .wrong")
    assert wrong.inner_text() == "Expected a whole number."
    assert number.get_attribute("aria-invalid") == "true"
    assert page.evaluate("document.activeElement.type") == "number"
    assert asked == []


def test_the_keyboard_alone_asks(serve, surf):
    url, asked = serve(golden=[request(DEFAULT, text=["an example"])])
    page, _, _ = surf(url)
    seen = []
    for _ in range(4):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.tagName + document.activeElement.type"))
    assert seen == [
        "A",  # the list of models
        "BUTTONbutton",
        "TEXTAREAtextarea",
        "BUTTONsubmit",
    ]
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("typed")
    page.keyboard.press("Control+Enter")
    answered(page)
    assert asked[0][1]["instances"] == [{"text": "typed"}]


def test_every_control_and_region_has_a_name(serve, surf):
    inputs = {
        f"one_{kind}": Column(kind, "m", (2, 1) if kind == "series" else ())
        for kind in get_args(Kind)
    }
    url, _ = serve({DEFAULT: Signature(inputs, dict(TEXT.answer), "m")})
    page, _, _ = surf(url)
    nameless = page.evaluate(
        "[...document.querySelectorAll('input, textarea, button')]"
        ".filter(e => !(e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim()))"
        ".map(e => e.outerHTML)"
    )
    assert nameless == []
    assert page.locator(".answer").get_attribute("aria-live") == "polite"
    assert page.locator("main").count() == page.locator("h1").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(serve, surf, scheme):
    """Contrast of at least 4.5 to 1 (WCAG 2.1, 1.4.3), of the heaviest token too."""
    words = {"t": Output("tokens", "m"), "w": Output("weights", "m")}
    explain = Signature(dict(TEXT.inputs), words, "m")
    both = {**ROW, "t": ["so", "good"], "w": [0.0, 1.0]}
    url, _ = serve(
        {DEFAULT: TEXT, "explain": explain}, answering(both), [request(DEFAULT, text=["one"])]
    )
    page, _, _ = surf(url, scheme=scheme)
    ask(page)
    for place in ("body", ".help", ".status", "button[type=submit]", ".examples button", ".value",
                  ".where", ".w:nth-of-type(2)", ".note"):  # fmt: skip
        assert page.locator(place).first.evaluate(CONTRAST) >= 4.5, place


CONTRAST = """element => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const mixed = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(v => v / 255);
  };
  const light = (rgb) => rgb.map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const grounds = [];
  for (let each = element; each; each = each.parentElement) {
    grounds.unshift(getComputedStyle(each).backgroundColor);
  }
  const ink = light(mixed([...grounds, getComputedStyle(element).color]));
  const ground = light(mixed(grounds));
  return (Math.max(ink, ground) + .05) / (Math.min(ink, ground) + .05);
}"""


def test_nothing_moves_for_people_who_want_it_so(serve, surf):
    url, _ = serve()
    page, _, _ = surf(url, reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
