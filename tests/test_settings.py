"""Settings: read from --set, from TOML and from presets; written so that they read back equal."""

import math
import re
import tomllib
from dataclasses import dataclass, fields
from typing import Any

import pytest

from seqapps.errors import UserError
from seqapps.settings import (
    as_dict,
    assign,
    dumps,
    fields_of,
    load,
    loads,
    meaning_of,
    preset,
    replace,
    setting,
    with_absolute_files,
)

AWKWARD = 'she said "it\'s",\n\ta back\\slash, a # mark, ü and 한국어'


@dataclass(frozen=True)
class Settings:
    layers: int = setting(3, "how many", at_least=1, at_most=13)
    rate: float = setting(0.25, "share left out", at_least=0.0, at_most=0.9)
    reverse: bool = setting(False, "read from the end")
    encoder: str = setting("lstm", "what reads", choices=("lstm", "gru", "simple_rnn"))
    note: str = setting("plain", "any text")
    kernel: int = setting(5, "width of the window", choices=(3, 5, 7))

    def __post_init__(self) -> None:
        if self.reverse and self.encoder == "gru":
            raise ValueError("reverse needs encoder = lstm or simple_rnn, received gru.")


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("layers=7", 7),
        ("layers=1_1", 11),
        ("rate=0.5", 0.5),
        ("rate=1e-3", 0.001),
        ("rate=0", 0.0),
        ("reverse=true", True),
        ("reverse=False", False),
        ("encoder=gru", "gru"),
        ("note=a=b", "a=b"),
        ("note=", ""),
        ("note=17", "17"),
    ],
)
def test_set_reads_the_text_as_the_settings_own_type(assignment, value):
    received = getattr(assign(Settings(), [assignment]), assignment.partition("=")[0])
    assert received == value
    assert type(received) is type(value)


def test_later_assignments_win_and_the_rest_stays():
    assert assign(Settings(), ["layers=5", "rate=0.5", "layers=7"]) == Settings(layers=7, rate=0.5)


def test_blanks_around_the_key_do_not_change_how_the_value_is_read():
    assert assign(Settings(), ["layers = 7"]).layers == 7


def test_an_assignment_leaves_the_settings_it_was_given_alone():
    given = Settings()
    assign(given, ["layers=7"])
    assert given.layers == 3


def says(*parts: str) -> Any:
    """A UserError whose message holds all parts, in this order."""
    return pytest.raises(UserError, match="(?s)" + ".*".join(map(re.escape, parts)))


def test_an_unknown_key_names_the_nearest_one():
    with says("--set layer=5", "'layer'", "Did you mean 'layers'?", "Known:", "reverse"):
        assign(Settings(), ["layer=5"])


def test_an_assignment_without_a_value_shows_how_one_is_written():
    with says("--set layers", "expected key=value", "--set epochs=3"):
        assign(Settings(), ["layers"])


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("layers=three", "layers expects int (how many), received str 'three'"),
        ("layers=3.5", "layers expects int (how many), received str '3.5'"),
        ("rate=half", "rate expects float (share left out), received str 'half'"),
        ("reverse=1", "reverse expects bool (read from the end), received str '1'"),
        ("reverse=yes", "reverse expects bool (read from the end), received str 'yes'"),
    ],
)
def test_text_of_another_type_is_refused_with_type_meaning_and_what_came(assignment, expected):
    with says(f"--set {assignment}", expected):
        assign(Settings(), [assignment])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("layers", True),
        ("layers", 3.0),
        ("layers", "3"),
        ("rate", True),
        ("rate", "0.5"),
        ("reverse", 1),
        ("reverse", "true"),
        ("encoder", 7),
    ],
)
def test_a_value_of_another_type_is_never_converted_silently(key, value):
    with says("my.toml", f"{key} expects", f"received {type(value).__name__} {value!r}"):
        replace(Settings(), {key: value}, where="my.toml")


def test_a_whole_number_serves_where_a_fraction_is_expected():
    rate = replace(Settings(), {"rate": 0}, where="my.toml").rate
    assert (rate, type(rate)) == (0.0, float)


def test_a_value_that_is_no_choice_names_the_nearest_choice():
    with says("no such encoder", "Did you mean 'lstm'?", "Known: gru, lstm, simple_rnn"):
        assign(Settings(), ["encoder=lstn"])


def test_choices_may_be_numbers():
    with says("no such kernel", "Known: 3, 5, 7"):
        assign(Settings(), ["kernel=11"])


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("layers=0", "layers must be at least 1 and at most 13, received 0."),
        ("layers=17", "layers must be at least 1 and at most 13, received 17."),
        ("rate=-0.1", "rate must be at least 0.0 and at most 0.9, received -0.1."),
        ("rate=nan", "rate must be at least 0.0 and at most 0.9, received nan."),
        ("rate=inf", "rate must be at least 0.0 and at most 0.9, received inf."),
    ],
)
def test_a_value_beyond_its_limits_is_refused(assignment, message):
    with says(message):
        assign(Settings(), [assignment])


@pytest.mark.parametrize("assignment", ["layers=1", "layers=13", "rate=0.9"])
def test_the_limits_themselves_are_allowed(assignment):
    key, _, text = assignment.partition("=")
    assert getattr(assign(Settings(), [assignment]), key) == float(text)


def test_settings_that_do_not_go_together_are_the_users_error():
    with says("--set encoder=gru", "reverse needs encoder = lstm or simple_rnn, received gru."):
        assign(Settings(), ["reverse=true", "encoder=gru"])


def test_a_file_may_hold_only_some_of_the_settings(tmp_path):
    file = tmp_path / "my.toml"
    file.write_text('layers = 5\nnote = "wörter"\n', encoding="utf-8")
    assert load(Settings(), file) == Settings(layers=5, note="wörter")


def test_a_file_that_is_not_there_says_how_one_is_made(tmp_path):
    with says("--config", "none.toml", "no such file", "seqapps config TASK > "):
        load(Settings(), tmp_path / "none.toml")


def test_a_folder_in_place_of_a_file_cannot_be_read(tmp_path):
    with says(f"--config {tmp_path}", "cannot be read"):
        load(Settings(), tmp_path)


def test_a_file_that_is_not_utf8_cannot_be_read(tmp_path):
    file = tmp_path / "my.toml"
    file.write_bytes(b'note = "w\xf6rter"\n')
    with says(f"--config {file}", "cannot be read"):
        load(Settings(), file)


def test_invalid_toml_names_file_and_line(tmp_path):
    file = tmp_path / "my.toml"
    file.write_text("layers = 5\nrate = = 3\n")
    with says(str(file), "not valid TOML", "line 2"):
        load(Settings(), file)


def test_a_mistake_in_a_file_names_the_file(tmp_path):
    file = tmp_path / "my.toml"
    file.write_text("epochs = 5\n")
    with says(str(file), "unknown setting 'epochs'"):
        load(Settings(), file)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(layers=13, rate=1e-07, reverse=True, encoder="simple_rnn", note=AWKWARD),
        Settings(note=""),
        Settings(note="'''"),
        Settings(note='"""\\'),
        Settings(note="\r\n\x00\x7f"),
        Settings(rate=1 / 3),
    ],
)
def test_what_is_written_reads_back_equal(settings):
    assert loads(Settings(), dumps(settings), where="written") == settings


def test_the_sentiment_settings_read_back_equal(sentiment):
    written = dumps(sentiment.tiny)
    assert loads(sentiment.settings, written, where="written") == sentiment.tiny


def test_what_is_written_is_complete_and_in_the_order_of_declaration(sentiment):
    read = tomllib.loads(dumps(sentiment.settings))
    assert list(read.items()) == list(as_dict(sentiment.settings).items())


def test_every_setting_is_written_with_its_meaning(sentiment):
    lines = dumps(sentiment.settings).splitlines()
    for line, field in zip(lines, fields_of(sentiment.settings), strict=True):
        assert line.startswith(f"{field.name} = ")
        assert line.endswith(f"# {meaning_of(field)}")


def test_a_meaning_shows_the_choices():
    meanings = {field.name: meaning_of(field) for field in fields(Settings)}
    assert meanings["encoder"] == "what reads (lstm | gru | simple_rnn)"
    assert meanings["note"] == "any text"


def test_a_preset_is_a_file_of_the_tasks_folder(tmp_path):
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "fast.toml").write_text("layers = 1\n")
    assert preset(Settings(), tmp_path, "fast") == Settings(layers=1)


def test_an_unknown_preset_names_the_nearest_one(tmp_path):
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "fast.toml").write_text("layers = 1\n")
    with says("--preset fats", "no such preset", "Did you mean 'fast'?"):
        preset(Settings(), tmp_path, "fats")


def test_a_task_without_presets_says_that_none_is_known(tmp_path):
    with says("--preset fast", "Known: none"):
        preset(Settings(), tmp_path, "fast")


def test_not_a_number_is_refused_by_a_single_limit_too():
    @dataclass(frozen=True)
    class Bounded:
        low: float = setting(1.0, "bounded below", at_least=0.0)
        high: float = setting(1.0, "bounded above", at_most=3.0)

    for key in ("low", "high"):
        with says(f"{key} must be"):
            replace(Bounded(), {key: math.nan}, where="test")


def test_settings_that_are_set_together_are_weighed_together():
    """Whatever their order: the first alone would not fit what the second one changes."""

    @dataclass(frozen=True)
    class Pair:
        low: int = setting(1, "the smaller one")
        high: int = setting(2, "the larger one")

        def __post_init__(self):
            if self.low > self.high:
                raise ValueError("low is above high")

    assert assign(Pair(), ["low=7", "high=9"]) == Pair(7, 9)
    with pytest.raises(UserError, match=r"--set high=9 --set low=11: low is above high"):
        assign(Pair(), ["high=9", "low=11"])


def test_a_file_that_a_setting_names_is_named_from_any_folder(tmp_path, monkeypatch):
    @dataclass(frozen=True)
    class Reading:
        vectors: str = setting("none", "a name or a file", file=True)
        note: str = setting("plain.txt", "any text")

    monkeypatch.chdir(tmp_path)
    for name in ("mine.txt", "none", "plain.txt"):
        (tmp_path / name).write_text("")
    found = with_absolute_files(Reading("mine.txt"))
    assert found == Reading(str(tmp_path / "mine.txt"), "plain.txt")
    assert with_absolute_files(Reading()) == Reading()  # the name of no file, by its form
    assert with_absolute_files(Reading("other.txt")) == Reading("other.txt")
