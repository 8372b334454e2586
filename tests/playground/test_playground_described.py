"""What a page is made of: the bundle's own words, examples that tell something."""

import json

import pytest
from declared_bundle import TEXT, declare, request

from seqapps.errors import UserError
from seqapps.export.manifest import ODD_TEXTS
from seqapps.playground.described import EXAMPLES, describe, examples
from seqapps.task import DEFAULT, GO_ON, Column, Output, Signature


def first_examples(folder):
    return json.loads(examples("made", folder))[0]


def test_examples_are_different_ones_from_all_over_and_no_odd_texts(tmp_path):
    texts = [*(f"text {number}" for number in range(13)), "text 1", *ODD_TEXTS]
    declare(tmp_path / "1", golden=[request(DEFAULT, text=texts)])
    found = [row["text"] for row in first_examples(tmp_path / "1")]
    assert len(found) == len(set(found)) == EXAMPLES
    assert found[0] == "text 0"
    assert found[-1] == "text 12"


def test_numbers_of_examples_are_as_short_as_float32_has_them(tmp_path):
    series = Signature({"values": Column("series", "m", (2,))}, {"n": Output("number", "m")}, "m")
    golden = [request(DEFAULT, values=[[358.29998779296875, 1.0]])]
    declare(tmp_path / "1", {DEFAULT: series}, golden)
    assert first_examples(tmp_path / "1") == [{"values": [358.3, 1.0]}]


def test_examples_of_a_text_in_parts_leave_the_options_as_they_are(tmp_path):
    """Golden options are odd on purpose, such as 0 tokens."""
    prompt, option = {"prompt": Column("text", "m")}, Column("integer", "m", default=17)
    parts = {**prompt, "written": Column("text", "m"), "max_tokens": option}
    told = {"continuation": Output("sample", "m")}
    signatures = {DEFAULT: Signature(prompt, told, "m"), GO_ON: Signature(parts, told, "m")}
    golden = [
        request(DEFAULT, prompt=["Once"]),
        request(GO_ON, prompt=["Once"], written=[""], max_tokens=[0]),
    ]
    declare(tmp_path / "1", signatures, golden)
    assert first_examples(tmp_path / "1") == [{"prompt": "Once"}]


def test_a_bundle_without_golden_requests_has_no_examples(tmp_path):
    declare(tmp_path / "1")
    (tmp_path / "1" / "assets.extra" / "golden.json").unlink()
    assert first_examples(tmp_path / "1") == []


def test_a_folder_that_is_no_bundle_is_told(tmp_path):
    with pytest.raises(UserError, match="not an export of seqapps"):
        describe("made", tmp_path)


def test_the_data_are_named_without_the_folder_that_they_lay_in(tmp_path):
    declare(tmp_path / "1", data={"source": "/home/ann/reviews.csv"}, run="first")
    facts = describe("made", tmp_path / "1").facts
    assert facts == {"task": "made_up", "data": "reviews.csv", "run": "first"}


def test_what_the_script_reads_cannot_end_its_element(tmp_path):
    hostile = "</script><script>alert(1)</script>\u2028"
    signature = Signature({hostile: Column("text", hostile)}, dict(TEXT.answer), hostile)
    declare(tmp_path / "1", {DEFAULT: signature})
    text = describe("made", tmp_path / "1").as_json()
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text)["summary"] == hostile
