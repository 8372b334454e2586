"""The whole command on sentences in a file, and how answers are shown."""

import json

import pytest

from seqapps import registry
from seqapps.cli.text import answer_line
from seqapps.export.compare import compare

TASK = registry.load("tagging")


def test_an_answer_is_shown_as_words_with_their_tags():
    answer = {
        "tokens": ["The", "watch", ""], "tags": ["DET", "NOUN", ""],
        "scores": [0.9, 0.8, 0.0], "ids": [2, 3, 0],
    }  # fmt: skip
    assert answer_line(answer, TASK.answer) == "The/DET watch/NOUN"


def differences(tag, score):
    """Between an answer and NOUN, which is told with a probability of 0.4."""

    def told(tag, score):
        return {"tokens": ["watch"], "tags": [tag], "scores": [score], "ids": [2]}

    return compare([told(tag, score)], [told("NOUN", 0.4)], TASK.answer)


def test_another_tag_with_the_same_score_is_a_near_tie():
    found = differences("VERB", 0.4)
    assert (found.near_ties, found.differences) == (1, [])


def test_another_tag_with_another_score_is_a_difference():
    assert any("tags" in problem for problem in differences("VERB", 0.41).differences)


def test_two_sure_answers_are_no_tie():
    first = {"tokens": ["watch"], "tags": ["VERB"], "scores": [0.9], "ids": [2]}
    assert compare([first], [{**first, "tags": ["NOUN"]}], TASK.answer).differences


@pytest.mark.long
def test_sentences_of_a_file_train_a_tagger_that_tags_raw_text(tmp_path, monkeypatch, call):
    """From CoNLL-U to word/TAG."""
    monkeypatch.chdir(tmp_path)
    rows = list(TASK.samples["made-up"].rows["train"]())[:701]
    with (tmp_path / "tree.conllu").open("w", encoding="utf-8") as file:
        for row in rows:
            pairs = zip(row["text"].split(), row["tags"].split(), strict=True)
            for number, (word, tag) in enumerate(pairs, 1):
                file.write(f"{number}\t{word}\t_\t{tag}\t_\t_\t_\t_\t_\t_\n")
            file.write("\n")
    sets = ("epochs=4", "units=17", "learning_rate=0.01", "batch_tokens=300", "gradient_batches=0")
    arguments = ["run", "tagging", "--data", "tree.conllu", "--quiet"]
    code, _, said = call(*arguments, *(part for each in sets for part in ("--set", each)))
    assert code == 0, said
    [evaluation] = tmp_path.glob("runs/tagging/*/evaluation.json")
    found = json.loads(evaluation.read_text())
    trivial = found["baselines"]["most_frequent"]["token_accuracy"]["high"]
    assert found["model"]["token_accuracy"]["low"] > trivial
    [report] = tmp_path.glob("runs/tagging/*/report.html")
    assert "Hardest words" in report.read_text()
    code, out, _ = call("predict", "tagging", "--signature", "raw_text", "They watch the game.")
    assert code == 0
    assert [pair.partition("/")[0] for pair in out.split()] == ["They", "watch", "the", "game", "."]
