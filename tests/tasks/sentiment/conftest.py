"""What the tests of the options share: an option put into the task, and what checks say of it."""

from dataclasses import replace

import pytest
from seqapps.tasks.sentiment.samples import BAD, GOOD

from seqapps import checks

LEFT_OUT = {"training is repeatable"}  # trains once more; the long run has it
MODEL_FREE = {
    "splits have rows", "splits share no row", "task is light", "settings are documented",
    "bad rows are told", "metrics match hand made case", "metrics are finite",
}  # fmt: skip


@pytest.fixture(scope="module")
def vectors_file(tmp_path_factory):
    """Vectors of some of the toy sample's words, as word2vec writes them: good, bad, not."""
    file = tmp_path_factory.mktemp("vectors") / "small.txt"
    words = dict.fromkeys(GOOD, "1 0 0") | dict.fromkeys(BAD, "-1 0 0")
    words |= {"not": "0 1 0", "film": "0 0 0.1"}
    lines = [f"{word} {numbers}" for word, numbers in words.items()]
    file.write_text("\n".join([f"{len(words)} 3", *lines]) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def check_option(sentiment, vectors_file):
    """Run all checks but some on the tiny task with these settings: {check: problem}."""

    def run(values, skipped=frozenset()):
        return _problems(_with(sentiment, values, vectors_file), MODEL_FREE | LEFT_OUT | skipped)

    return run


@pytest.fixture
def check_repeatable(sentiment, vectors_file):
    """Run the check that trains twice on the tiny task with these settings: {check: problem}."""
    others = {checks.name_of(check) for check in checks.CHECKS} - LEFT_OUT
    return lambda values: _problems(_with(sentiment, values, vectors_file), others)


def _problems(task, skipped):
    found = [check for check in checks.CHECKS if checks.name_of(check) not in skipped]
    return {
        checks.name_of(check): problem
        for check, problem in checks.run(task, file=None, checks=found)
        if problem
    }


def _with(sentiment, values, vectors_file):
    # Linear scores of n-grams solve the toy sample alone, and would hide a reader that cannot.
    values = {"wide": False, **values}
    if values.get("vectors") == "file":
        values["vectors"] = str(vectors_file)
    return replace(sentiment, tiny=replace(sentiment.tiny, **values))
