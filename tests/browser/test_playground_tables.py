"""What people paste becomes the series that the model takes, or a message that says why not."""

import math

import pytest
from declared_bundle import TEXT

from seqapps.task import DEFAULT, Column, Signature

pytestmark = pytest.mark.browser

READ = """async ([text, shape, channels, gaps]) => {
  const { series, TableError } = await import("/playground/tables.js");
  const { write } = await import("/playground/json.js");
  try {
    return write(series(text, { shape, channels, gaps }));
  } catch (error) {
    if (error instanceof TableError) return error.message;
    throw error;
  }
}"""


@pytest.fixture
def read(serve, surf):
    """`read(text, [2, 2], ["a", "b"])`: what the page makes of it, or its message."""
    import json

    url, _ = serve()
    page, _, _ = surf(url)

    def read(text, shape, channels=(), gaps=False):
        told = page.evaluate(READ, [text, shape, list(channels), gaps])
        return json.loads(told) if told.startswith("{") else told

    return read


def test_numbers_are_read_however_they_are_parted(read):
    for text in ("1 2 3", "1,2,3", "1;2;3", "1\n2\n3\n", "1\t2\t3", "[1, 2, 3]", "  1\r\n2\r\n3 "):
        assert read(text, [3])["values"] == [1, 2, 3], text


def test_channels_are_found_by_their_names_in_any_order(read):
    text = "when,heat,room,speed\n2020-01-01 06:30,1,7,2\n2020-01-01 07:30,3,7,4"
    told = read(text, [2, 2], ["speed", "heat"])
    assert told["values"] == [[2, 1], [4, 3]]
    assert told["notes"] == ["columns that are not looked at: when, room"]
    assert told["start"] == 1577860200  # by `date -u -d "2020-01-01 06:30" +%s`


def test_of_more_steps_the_last_ones_count(read):
    told = read("1\n2\n3\n4\n5", [2])
    assert (told["values"], told["notes"]) == ([4, 5], ["the last 2 of 5 steps"])


def test_columns_of_other_names_are_taken_in_their_order_which_is_told(read):
    told = read("day,x,y\nmon,1,2\ntue,3,4", [2, 2], ["a", "b"])
    assert told["values"] == [[1, 2], [3, 4]]
    assert told["notes"] == ["columns taken in their order: x, y"]


def test_an_empty_cell_is_a_gap_where_the_model_takes_gaps(read):
    told = read("a,b\n1,\n3,NaN\n5,6", [3, 2], ["a", "b"], True)
    assert [math.isnan(row[1]) for row in told["values"]] == [True, True, False]
    assert told["notes"] == ["2 gaps"]


def test_quotes_and_decimal_commas_are_read(read):
    assert read('"a";"b ""x"""\n1,5;"2,25"', [1, 2], ["a", 'b "x"'])["values"] == [[1.5, 2.25]]


@pytest.mark.parametrize(
    ("text", "shape", "channels", "message"),
    [
        ("", [3], [], "Nothing is here: 3 numbers are needed."),
        ("1,2", [3], [], "2 steps here: 3 numbers are needed."),
        ("a,b\n1,2", [2, 2], ["a", "b"], "1 step here: 2 steps of 2 values are needed."),
        ("a,b\n1,2\n3,", [2, 2], ["a", "b"],
         "Line 3: a value is missing, and this model takes no gaps."),
        ("a,b\n1,2\n3,four", [2, 2], ["a", "b"], 'Line 3: "four" is no number.'),
        ("a,c\n1,x", [1, 2], ["a", "b"], "The header lacks b; it has a, c."),
        ("1,2,3", [1, 2], ["a", "b"], "Expected 2 columns of numbers (a, b), found 3."),
        ("[1, 2", [2], [], "This begins like JSON, but is none."),
        ("[[1, 2]]", [1], [], "Step 1: expected 1 number."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(read, text, shape, channels, message):
    assert read(text, shape, channels) == message


def test_a_table_tells_the_time_that_another_control_asks_for(serve, surf):
    inputs = {
        "start": Column("time", "of the first step"),
        "values": Column("series", "readings", (2, 1), channels=("heat",)),
    }
    url, asked = serve({DEFAULT: Signature(inputs, dict(TEXT.answer), "m")})
    page, _, _ = surf(url)
    table = "when,heat\n2020-01-01,5\n2020-01-02,6\n2020-01-03,7"
    page.locator("textarea").fill(table)
    page.locator("button[type=submit]").click()
    page.wait_for_selector(".answer[aria-busy=false]")
    [(_, body)] = asked
    assert body["instances"] == [{"values": [[6], [7]], "start": 1577923200}]


def test_a_file_that_is_dropped_is_asked_about_at_once(serve, surf, tmp_path):
    column = Column("series", "readings", (3,))
    url, asked = serve({DEFAULT: Signature({"values": column}, dict(TEXT.answer), "m")})
    page, _, _ = surf(url)
    dropped = page.evaluate_handle(
        "() => { const t = new DataTransfer();"
        " t.items.add(new File(['4\\n5\\n6'], 'three.csv', {type: 'text/csv'})); return t; }"
    )
    page.locator(".drop").dispatch_event("drop", {"dataTransfer": dropped})
    page.wait_for_selector(".answer[aria-busy=false]")
    assert asked[0][1]["instances"] == [{"values": [4, 5, 6]}]
