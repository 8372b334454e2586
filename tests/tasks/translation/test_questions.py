"""Questions: answers that a second reader of the facts finds, too."""

import re
from collections import Counter, defaultdict
from types import SimpleNamespace

import pytest
import tensorflow as tf
from seqapps.tasks.translation.questions import KINDS, NUMBERS, SHE, WORLDS, World, questions
from seqapps.tasks.translation.task import TASK

from seqapps import registry
from seqapps.data.load import check_asked
from seqapps.errors import UserError
from seqapps.settings import preset
from seqapps.text.word_codec import tokens

COUNTS = {**{word: number for number, word in enumerate(NUMBERS)}, "no": 0}


class Reader:
    """Reads sentences by regular expressions and knows nothing of how they were made."""

    def __init__(self, facts):
        self.visits, self.owned, self.deeds = [], Counter(), []
        named = ""
        for number, sentence in enumerate(facts.removesuffix(".").split(". ")):
            words = re.sub("^(Then|After that,|Later,|A little later,) ", "", sentence)
            who, what = words.split(" ", 1)
            if who.lower() in ("he", "she"):
                assert named and (named in SHE) == (who.lower() == "she")
                who = named
            named = who
            self.read(number, who, what)

    def read(self, number, who, what):
        if found := re.fullmatch(r"(is in|\w+ to) the (\w+)", what):
            self.visits.append((number if found[1] != "is in" else -1, who, found[2]))
            self.deed(who, "going to the " + found[2] if found[1] != "is in" else "")
        elif found := re.fullmatch(
            r"(?:gave|handed) (\w+ \w+) to (\w+)|gave (\w+) (\w+ \w+)", what
        ):
            whom, some = (found[2], found[1]) if found[1] else (found[3], found[4])
            self.add(who, some, -1)
            self.add(whom, some, 1)
            self.deed(who, f"giving {whom} {some}")
        else:
            verb, some = re.fullmatch(r"([a-z ]+?) (\w+ \w+)", what).groups()
            self.add(who, some, -1 if verb in ("lost", "sold", "threw away") else 1)
            gerunds = {
                "has": "", "found": "finding", "bought": "buying", "picked up": "picking up",
                "lost": "losing", "sold": "selling", "threw away": "throwing away",
            }  # fmt: skip
            self.deed(who, f"{gerunds[verb]} {some}" if gerunds[verb] else "")

    def add(self, who, some, sign):
        number, thing = some.split()
        assert (number == "one") is not thing.endswith("s"), some
        self.owned[who, thing.removesuffix("s")] += sign * COUNTS[number]
        assert self.owned[who, thing.removesuffix("s")] >= 0  # nobody gives what is not there

    def deed(self, who, what):
        self.deeds += [f"{who} {what}"] if what else []

    @property
    def place(self):
        return {who: place for _, who, place in self.visits}

    def inside(self, place):
        return {who for who, where in self.place.items() if where == place}

    def answer(self, question):
        if found := re.fullmatch(
            r"Where is (\w+)(?: now)?\?|Do you know where (\w+) is\?", question
        ):
            return f"In the {self.place[found[1] or found[2]]}."
        if found := re.fullmatch(r"Who is in the (\w+)\?", question):
            return self.inside(found[1])
        if found := re.fullmatch(r"How many people are in the (\w+)\?", question):
            return f"{NUMBERS[len(self.inside(found[1]))].capitalize()}."
        if found := re.fullmatch(
            r"How many (\w+)s (?:does (\w+) have(?: now)?|has (\w+) got)\?", question
        ):
            return f"{NUMBERS[self.owned[found[2] or found[3], found[1]]].capitalize()}."
        if found := re.fullmatch(r"What came first, (.+) or (.+)\?", question):
            assert self.deeds.count(found[1]) == self.deeds.count(found[2]) == 1
            return min(found[1], found[2], key=self.deeds.index) + "."
        if found := re.fullmatch(r"Who was in the (\w+) first, (\w+) or (\w+)\?", question):
            first = {
                who: min(
                    when for when, other, place in self.visits if (other, place) == (who, found[1])
                )
                for who in found.groups()[1:]
            }
            assert len(set(first.values())) == 2, "both were there from the start"
            return f"{min(first, key=first.get)}."
        found = re.fullmatch(r"Where was (\w+) first\?", question)
        return f"In the {next(place for _, who, place in self.visits if who == found[1])}."


@pytest.fixture(scope="module")
def rows():
    return list(questions())


def test_a_second_reader_answers_all_in_the_same_way(rows):
    for row in rows[::5]:
        question = row["source"].removeprefix(row["facts"]).strip()
        expected = Reader(row["facts"]).answer(question)
        if isinstance(expected, set):
            named = set(re.findall(r"\w+", row["target"])) - {"and", "Nobody"}
            assert named == expected, row
        else:
            assert row["target"] == expected, row


def test_every_question_is_there_once_and_all_kinds_are_common(rows):
    assert len({row["source"] for row in rows}) == len(rows)
    assert len({row["facts"] for row in rows}) == WORLDS
    counts = Counter(row["kind"] for row in rows)
    assert counts.keys() == KINDS.keys()
    assert min(counts.values()) > 10_000


def test_no_answer_is_right_more_often_than_four_in_ten_of_its_kind(rows):
    answers = defaultdict(Counter)
    for row in rows:
        answers[row["kind"]][row["target"]] += 1
    for counts in answers.values():
        assert counts.most_common(1)[0][1] < 0.4 * counts.total()


def test_questions_are_the_same_every_time(rows):
    again = questions()
    assert [next(again) for _ in range(103)] == rows[:103]


def test_the_sample_asks_for_settings_that_read_every_story_to_its_question(rows):
    sample = TASK.samples["questions"]
    data = SimpleNamespace(sample=sample, name="sample:questions")
    with pytest.raises(UserError, match="--preset questions"):
        check_asked(TASK, data, TASK.settings)
    (name,) = sample.presets
    settings = preset(TASK.settings, registry.find("translation").folder, name)
    check_asked(TASK, data, settings)
    longest = sorted((row["source"] for row in rows), key=len)[-1009:]
    words = tokens(tf.constant(longest)).row_lengths()
    assert int(tf.reduce_max(words)) < settings.max_tokens
    told = max(TASK.batching.length(row, settings) for row in rows)
    assert told <= settings.max_tokens, "the run would say that some are cut"


def test_the_last_to_come_is_named_last():
    world = World(None, [], [], [])
    for who, place in (("Ann", "hall"), ("Tom", "hall"), ("Ann", "park"), ("Ann", "hall")):
        world.enter(who, place)
    assert list(world.place) == ["Tom", "Ann"]
