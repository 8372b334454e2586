"""Each kind of task on its page: real input, a real answer of a model trained at tiny size."""

import base64
import json
from io import BytesIO
from pathlib import Path

import pytest
from asked_page import answered, ask
from PIL import Image

pytestmark = pytest.mark.browser

PLUGIN = Path(__file__).parents[2] / "docs" / "examples" / "next_week.py"
SLOW = 120_000  # milliseconds for the first answer, for which TensorFlow loads the graph


def try_one(page, *, number=0):
    """Click an example: the region of the answer."""
    page.locator("[data-question='0'] .examples button").nth(number).click()
    return answered(page, timeout=SLOW)


def whole(page, said, elsewhere):
    """No complaint, no request elsewhere, nothing wider than the window."""
    assert said == elsewhere == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert page.locator(".problem:visible").all_inner_texts() == []


def numbers_of(table):
    return [float(cell.replace(",", "").replace("−", "-")) for cell in table]


SIZES = [("desktop", "light"), ("phone", "dark")]


@pytest.mark.parametrize(("size", "scheme"), SIZES)
def test_a_review_is_typed_and_its_words_are_shaded(served, surf, size, scheme):
    page, said, elsewhere = surf(served("sentiment"), size=size, scheme=scheme)
    page.locator("textarea").fill("The cast is not dull but lovely")
    page.locator("button[type=submit]").click()
    answer = answered(page, timeout=SLOW)
    assert answer.locator(".said").inner_text() in ("positive", "negative")
    words = answer.locator(".shaded-text .w").all_inner_texts()
    assert words == ["the", "cast", "is", "not", "dull", "but", "lovely"]
    grounds = answer.locator(".shaded-text .w").evaluate_all(
        "all => all.map(each => getComputedStyle(each).backgroundColor)"
    )
    assert len(set(grounds)) > 1
    whole(page, said, elsewhere)


def test_a_task_in_a_single_file_has_its_page_without_writing_any(served, surf):
    page, said, elsewhere = surf(served("next_week", PLUGIN))
    days = [20 + (day % 7) for day in range(30)]
    page.locator("textarea").fill(
        "day,warmth\n" + "\n".join(f"d{n},{v}" for n, v in enumerate(days))
    )
    page.locator("button[type=submit]").click()
    answer = answered(page, timeout=SLOW)
    assert "the last 21 of 30 steps" in page.locator(".status").inner_text()
    level = answer.locator(".tiles b").inner_text()
    assert float(level) == pytest.approx(sum(days[-21:]) / 21, abs=1e-3)
    answer.locator(".as-table summary").click()
    assert answer.locator("tbody tr").count() == 7
    assert answer.locator("svg .line.model").count() == 1
    whole(page, said, elsewhere)


@pytest.mark.long
def test_a_prompt_goes_on_as_it_is_made_and_its_options_count(served, surf):
    page, said, elsewhere = surf(served("language_model"))
    page.locator("[data-control=max_tokens] input").fill("19")
    page.locator("[data-control=temperature] input").fill("0")
    bodies = []
    page.on("request", lambda sent: bodies.append(sent.post_data) if sent.post_data else None)
    page.locator("textarea").first.fill("The value of")
    page.locator("button[type=submit]").first.click()
    answer = answered(page, timeout=SLOW)
    parts = [json.loads(body) for body in bodies]
    assert [part["instances"][0].get("max_tokens") for part in parts] == [8, 11, None]
    assert all(part["instances"][0].get("temperature", 0) == 0 for part in parts)
    assert answer.locator(".lead").inner_text() == "The value of"
    assert answer.locator(".new").evaluate("e => e.textContent.length") > 0
    assert answer.locator("ol.scores li").count() > 1
    whole(page, said, elsewhere)


@pytest.mark.long
def test_another_form_tells_what_surprised_the_model(served, surf):
    page, said, elsewhere = surf(served("language_model"))
    place = page.locator("details.question").filter(has_text="surprisal")
    place.locator("> summary").click()
    place.locator("[data-control=text] textarea").fill("A class is a class.")
    place.locator("button[type=submit]").click()
    place.locator(".answer[aria-busy=false]").wait_for(timeout=SLOW)
    shown = place.locator(".shaded-text").evaluate("e => e.textContent")
    assert shown == "A class is a class."
    whole(page, said, elsewhere)


@pytest.mark.long
def test_a_sentence_is_translated_and_its_alignment_drawn(served, surf):
    page, said, elsewhere = surf(served("translation"))
    answer = try_one(page)
    answer.locator("svg.links .link").first.wait_for(state="attached")
    sums = answer.locator(".alignment .as-table tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].slice(1)"
        ".reduce((sum, cell) => sum + Number(cell.textContent), 0))"
    )
    assert sums == pytest.approx([1] * len(sums), abs=0.01)
    answer.get_by_label("matrix").check()
    assert answer.locator("table.matrix tbody tr").count() == len(sums)
    assert answer.locator("ol.scores li").count() >= 2
    whole(page, said, elsewhere)


@pytest.mark.long
def test_each_word_of_a_sentence_has_its_tag_below_it(served, surf):
    page, said, elsewhere = surf(served("tagging"), size="phone")
    page.locator("textarea").first.fill("the cat sees")
    page.locator("button[type=submit]").first.click()
    answer = answered(page, timeout=SLOW)
    words = answer.locator(".tagged-text").first.locator("ruby")
    told = words.evaluate_all("all => all.map(each => each.firstChild.textContent)")
    assert told == ["the", "cat", "sees"]
    assert all(words.locator("rt").all_inner_texts())
    whole(page, said, elsewhere)


@pytest.mark.long
@pytest.mark.parametrize(("size", "scheme"), SIZES)
def test_a_picture_is_described_and_each_word_shows_where(served, surf, size, scheme):
    page, said, elsewhere = surf(served("captioning"), size=size, scheme=scheme)
    answer = try_one(page)
    words = answer.locator(".words .word[aria-pressed]")
    whole_picture = page.evaluate(PIXELS)
    words.first.click()
    assert words.first.get_attribute("aria-pressed") == "true"
    assert page.evaluate(PIXELS) != whole_picture
    assert "row" in answer.locator(".heat_map .note").inner_text()
    whole(page, said, elsewhere)


PIXELS = """() => {
  const shown = document.querySelector("canvas.looked");
  const copy = new OffscreenCanvas(shown.width, shown.height);
  const context = copy.getContext("2d", {willReadFrequently: true});
  context.drawImage(shown, 0, 0);
  const {data} = context.getImageData(0, 0, shown.width, shown.height);
  return data.reduce((sum, value) => sum + value, 0);
}"""


@pytest.mark.long
@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_that_is_dropped_or_pasted_is_described(served, surf, way):
    page, said, elsewhere = surf(served("captioning"))
    picture = BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "PNG")
    held = page.evaluate_handle(HOLD, base64.b64encode(picture.getvalue()).decode())
    if way == "drop":
        page.locator(".drop").first.dispatch_event("drop", {"dataTransfer": held})
    else:
        page.evaluate(PASTE, held)
    page.locator(".preview:visible").first.wait_for(timeout=SLOW)
    assert page.locator(".preview").first.evaluate("e => [e.naturalWidth, e.naturalHeight]") == [
        64, 48,
    ]  # fmt: skip
    answer = answered(page, timeout=SLOW)  # asked without a click
    assert answer.locator(".words .word").count()
    whole(page, said, elsewhere)


HOLD = """encoded => {
  const held = new DataTransfer();
  const bytes = Uint8Array.from(atob(encoded), (each) => each.charCodeAt(0));
  held.items.add(new File([bytes], "teal.png", {type: "image/png"}));
  return held;
}"""
PASTE = """held => document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: held}))"""


@pytest.mark.long
def test_a_file_that_is_no_picture_is_told_in_the_servers_words(served, surf, tmp_path):
    page, _, _ = surf(served("captioning"))
    (tmp_path / "note.png").write_text("not a picture at all, but a text", encoding="utf-8")
    page.locator("input[type=file]").first.set_input_files(tmp_path / "note.png")
    problem = page.locator("form > .problem:visible")
    problem.wait_for(timeout=SLOW)
    assert "no picture: expected JPEG, PNG, BMP or GIF" in problem.inner_text()


@pytest.mark.long
def test_a_series_is_forecast_with_bands_that_hold_the_mean(served, surf):
    page, said, elsewhere = surf(served("forecasting"))
    answer = try_one(page)
    assert answer.locator("svg .band").count() == 2
    assert answer.locator("svg .line").count() == 2
    answer.locator(".as-table summary").first.click()
    for row in answer.locator(".as-table").first.locator("tbody tr").all():
        mean, low, high, low_80, high_80 = numbers_of(row.locator("td").all_inner_texts()[1:])
        assert low <= low_80 <= mean <= high_80 <= high
    whole(page, said, elsewhere)


@pytest.mark.long
def test_alarms_are_drawn_and_the_sensors_that_made_them_told(served, surf):
    page, said, elsewhere = surf(served("monitoring"), size="phone")
    answer = try_one(page)
    text = page.locator("textarea").first
    head, *rows = text.input_value().splitlines()
    text.fill("\n".join([head, *(",".join(["900", *row.split(",")[1:]]) for row in rows)]))
    page.locator("button[type=submit]").first.click()
    answer = answered(page, timeout=SLOW)
    assert answer.locator("svg .mark").count() > 0
    assert answer.locator("svg .level").count() == 1
    first = answer.locator("ol.scores").first.locator(".name").first
    assert first.inner_text() == head.split(",")[0]
    whole(page, said, elsewhere)


@pytest.mark.long
def test_too_few_steps_are_told_beside_the_control_and_kept(served, surf):
    page, _, _ = surf(served("monitoring"))
    text = page.locator("textarea").first
    text.fill("1,2,3")
    page.locator("button[type=submit]").first.click()
    assert page.locator(".wrong:visible").inner_text()
    assert text.input_value() == "1,2,3"


def test_the_index_leads_to_each_model(served, surf):
    url = served("sentiment")
    served("next_week", PLUGIN)
    page, said, elsewhere = surf(url.rsplit("/models", 1)[0])
    page.get_by_role("link", name="next_week").click()
    page.wait_for_selector("html[data-ready]")
    assert page.locator("h1").inner_text() == "next_week"
    whole(page, said, elsewhere)


def test_words_that_no_letter_is_in_are_answered(served, surf):
    page, said, elsewhere = surf(served("sentiment"))
    assert ask(page, "!?").locator(".said").inner_text()
    whole(page, said, elsewhere)
