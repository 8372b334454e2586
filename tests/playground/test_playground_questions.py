"""Which signatures share a form follows from what they take and tell."""

from declared_bundle import TEXT

from seqapps.playground.questions import questions_of
from seqapps.task import DEFAULT, GO_ON, Column, Output, Signature

SOURCE = Column("text", "a text")
WORDS = {"t": Output("tokens", "m"), "w": Output("weights", "m")}
NUMBER = {"n": Output("number", "m")}
WRITTEN = {"text": Output("sample", "m"), "continuation": Output("sample", "m")}
PARTS = {"continuation": Output("sample", "m"), "written": Output("sample", "m"),
         "ended": Output("sample", "m")}  # fmt: skip


def asked(signatures):
    return [[ask.signature for ask in each.asks] for each in questions_of(signatures, seen={})]


def default(**inputs):
    return Signature(inputs, {"text": Output("text", "m")}, "m")


def test_what_takes_the_same_is_asked_together():
    same = Signature({"text": Column("text", "the review")}, WORDS, "m")
    assert asked({DEFAULT: TEXT, "explain": same}) == [[DEFAULT, "explain"]]


def test_the_answer_in_another_format_is_not_asked_for():
    classify = Signature({"inputs": SOURCE}, {"classes": Output("labels", "m")}, "m")
    assert asked({DEFAULT: TEXT, "classify": classify}) == [[DEFAULT]]


def test_what_needs_another_input_has_its_own_form():
    score = Signature({"source": SOURCE, "target": SOURCE}, NUMBER, "m")
    assert asked({DEFAULT: default(source=SOURCE), "score": score}) == [[DEFAULT], ["score"]]


def test_what_explains_may_take_more_where_it_need_not_be_given():
    target = Column("text", "empty: its own", default="")
    explain = Signature({"source": SOURCE, "target": target}, WORDS, "where it looked")
    [question] = questions_of({DEFAULT: default(source=SOURCE), "explain": explain}, seen={})
    controls = {control.name: control for control in question.controls}
    assert [ask.inputs for ask in question.asks] == [["source"], ["source", "target"]]
    assert controls["target"].option
    assert controls["target"].meaning == "empty: its own (where it looked)"


def test_a_score_of_a_text_that_nobody_gave_is_not_shown():
    """It would score the empty text beside an answer that is another one."""
    score = Signature({"source": SOURCE, "target": Column("text", "m", default="")}, NUMBER, "m")
    assert asked({DEFAULT: default(source=SOURCE), "score": score}) == [[DEFAULT], ["score"]]


def test_an_input_of_another_kind_is_another_one_although_it_has_the_same_name():
    other = Signature({"source": Column("image", "m")}, WORDS, "m")
    assert asked({DEFAULT: default(source=SOURCE), "explain": other}) == [[DEFAULT], ["explain"]]


def go_on(more=()):
    option = Column("integer", "m", default=17)
    prompt = {"prompt": SOURCE}
    return {
        DEFAULT: Signature(prompt, WRITTEN, "m"),
        "generate": Signature({**prompt, "max_tokens": option}, WRITTEN, "m"),
        GO_ON: Signature({**prompt, "written": SOURCE, "max_tokens": option}, PARTS, "m"),
        **dict(more),
    }


def test_a_text_that_can_be_had_in_parts_is_written_piece_by_piece():
    [question] = questions_of(go_on(), seen={})
    [ask] = question.asks
    assert (ask.signature, ask.in_parts, ask.views[0].name) == (GO_ON, True, "written")
    assert question.at_once == "generate"


def test_what_was_written_is_no_control():
    [question] = questions_of(go_on(), seen={})
    assert [control.name for control in question.controls] == ["prompt", "max_tokens"]


def test_what_takes_the_prompt_alone_is_told_beside_the_text():
    likely = Signature({"prompt": SOURCE}, NUMBER, "m")
    assert asked(go_on({"next": likely}.items())) == [[GO_ON, "next"]]


def test_forms_that_ask_for_the_same_are_one_and_what_explains_comes_first():
    pair = {"context": SOURCE, "text": SOURCE}
    signatures = {
        DEFAULT: TEXT,
        "score": Signature(pair, NUMBER, "m"),
        "surprise": Signature(pair, WORDS, "m"),
    }
    assert asked(signatures) == [[DEFAULT], ["surprise", "score"]]


def test_options_come_after_what_must_be_given():
    inputs = {"seed": Column("integer", "m", default=0), "text": SOURCE}
    [question] = questions_of({DEFAULT: default(**inputs)}, seen={})
    assert [control.name for control in question.controls] == ["text", "seed"]
