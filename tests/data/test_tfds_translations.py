"""Translation sets of TensorFlow Datasets: a column for each language."""

import functools
import re
from dataclasses import replace
from typing import Any

import pytest

from seqapps.data import tfds as ours
from seqapps.data.load import load
from seqapps.data.source import Reading, open_source
from seqapps.doctor.examine import examine
from seqapps.errors import UserError
from seqapps.task import Column, Fixed

# TFDS and what it imports, not us.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*:PendingDeprecationWarning"),
]
COUNT = {"train": 101, "validation": 13, "test": 17}


def says(*parts: str) -> Any:
    """A UserError whose message holds all parts, in this order."""
    return pytest.raises(UserError, match="(?s)" + ".*".join(map(re.escape, parts)))


def english(split: str, number: int) -> str:
    return f"{split} house {number}"


def german(split: str, number: int) -> str:
    return f"{split} Häuschen {number}"


@functools.cache
def builders() -> dict[str, Any]:
    """Builder classes by name, made late: TFDS is not imported while tests are collected."""
    import tensorflow_datasets as tfds

    class Base(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version("1.2.3")

        def features(self):
            return tfds.features.Translation(["en", "de"])

        def keys(self):
            return None

        def _info(self):
            return tfds.core.DatasetInfo(
                builder=self,
                features=self.features(),
                supervised_keys=self.keys(),
                disable_shuffling=True,
            )

        def _split_generators(self, dl_manager):
            return {split: self._generate_examples(split) for split in COUNT}

        def _generate_examples(self, split):
            for number in range(COUNT[split]):
                yield number, self.row(split, number)

        def row(self, split, number):
            return {"en": english(split, number), "de": german(split, number)}

    class SeqappsPairs(Base):
        """As opus: two languages, no direction."""

    class SeqappsDirected(Base):
        """As wmt14_translate: the configuration de-en says from which to which."""

        def keys(self):
            return ("de", "en")

    class SeqappsTalks(Base):
        """As ted_multi_translate: each sentence in some of many languages."""

        def features(self):
            languages = tfds.features.TranslationVariableLanguages(["en", "de", "fr"])
            return tfds.features.FeaturesDict(
                {"translations": languages, "talk": tfds.features.Text()}
            )

        def row(self, split, number):
            found = {"en": english(split, number), "de": [german(split, number), "zweite"]}
            if number == 5:
                del found["de"]
            return {"translations": found, "talk": f"talk {number // 7}"}

    return {cls.name: cls for cls in (SeqappsPairs, SeqappsDirected, SeqappsTalks)}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    for builder in builders().values():
        with ours._silent(), ours._quiet():
            builder(data_dir=folder).download_and_prepare()
    return folder


@pytest.fixture
def pairs(sentiment):
    return replace(
        sentiment,
        inputs={"source": Column("text", "from")},
        targets={"target": Column("text", "to")},
        refusals=(),
        batching=Fixed(),
    )


def rows_of(found, split):
    return [row for _, row in found.splits[split]()]


def expected(split: str, source=english, target=german) -> list[dict[str, str]]:
    return [
        {"source": source(split, number), "target": target(split, number)}
        for number in range(COUNT[split])
    ]


@pytest.mark.parametrize(
    ("columns", "source", "target"),
    [({"source": "en", "target": "de"}, english, german),
     ({"source": "de", "target": "en"}, german, english)],
)  # fmt: skip
@pytest.mark.parametrize("name", ["seqapps_pairs", "seqapps_directed"])
def test_each_language_is_a_column(columns, source, target, name, pairs, prepared):
    found = open_source(pairs, f"tfds:{name}", Reading(data_dir=prepared, columns=columns))
    assert found.columns == ["de", "en"]
    assert found.notes == []
    assert rows_of(found, "valid") == expected("validation", source, target)


def test_without_a_direction_the_languages_must_be_named(pairs, prepared):
    with says(
        "tfds:seqapps_pairs:1.2.3: no feature 'source'; found de, en.",
        "Say which is which, as in --column source=de --column target=en.",
    ):
        open_source(pairs, "tfds:seqapps_pairs", Reading(data_dir=prepared))


def test_the_direction_that_a_set_declares_is_taken_and_said(pairs, prepared):
    found = open_source(pairs, "tfds:seqapps_directed", Reading(data_dir=prepared))
    assert rows_of(found, "test") == expected("test", german, english)
    assert found.notes == [
        "source is read from the feature 'de' (--column source=NAME for another)",
        "target is read from the feature 'en' (--column target=NAME for another)",
    ]


def test_one_language_that_is_named_turns_the_direction_round(pairs, prepared):
    reading = Reading(data_dir=prepared, columns={"source": "en"})
    found = open_source(pairs, "tfds:seqapps_directed", reading)
    assert rows_of(found, "test") == expected("test")


def test_the_doctor_names_the_languages_that_are_read(pairs, prepared):
    reading = Reading(data_dir=prepared)
    data = load(pairs, "tfds:seqapps_directed", reading)
    facts = examine(pairs, pairs.settings, data, reading=reading)
    assert facts["columns"] == {"taken": {"source": "de", "target": "en"}, "others": []}


def test_a_language_of_many_is_its_first_translation_or_empty(pairs, prepared):
    columns = {"source": "translations/en", "target": "translations/de"}
    reading = Reading(data_dir=prepared, columns=columns, group="talk")
    found = open_source(pairs, "tfds:seqapps_talks", reading)
    assert found.columns == ["talk", "translations/de", "translations/en", "translations/fr"]
    rows = rows_of(found, "valid")
    assert rows[5] == {"source": english("validation", 5), "target": "", "talk": "talk 0"}
    assert rows[8] == {
        "source": english("validation", 8), "target": german("validation", 8), "talk": "talk 1"
    }  # fmt: skip


def test_rows_without_one_of_the_languages_are_counted(pairs, prepared):
    columns = {"source": "translations/en", "target": "translations/de"}
    reading = Reading(data_dir=prepared, columns=columns)
    data = load(pairs, "tfds:seqapps_talks", reading, most_rejected=0.1)
    assert data.rejected == 3
    first = data.entry.about["rejected"]["first"][0]
    assert first == ["tfds:seqapps_talks train, row 6", "the target is empty"]
