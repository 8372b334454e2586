"""What part of speech is each word? A sentence in, a tag for every word out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from seqapps.baselines.tags import most_frequent_tag, tag_of_word, tag_of_word_or_ending
from seqapps.metrics.tagging import (
    sentence_accuracy,
    tag_macro_f1,
    token_accuracy,
    unseen_accuracy,
)
from seqapps.settings import setting
from seqapps.task import (
    Ask,
    Buckets,
    Case,
    Column,
    Figure,
    Goal,
    Output,
    Response,
    Row,
    Sample,
    Section,
    Signature,
    State,
    Surroundings,
    Task,
)
from seqapps.text.tokens import spaced
from seqapps.training.optimizer import Optimization

from .samples import test, train, valid


@dataclass(frozen=True)
class Settings(Optimization):
    vocabulary: int = setting(50_000, "most frequent words that are told apart", at_least=1)
    embedding: int = setting(64, "numbers that are learnt for a word", at_least=1)
    vectors: str = setting(
        "none",
        "given word vectors beside those that are learnt: a name, a file of GloVe or word2vec, or "
        "none",
        file=True,
    )
    tune_vectors: bool = setting(True, "train the given vectors further")
    rarity: float = setting(
        1.0,
        "words that occur n times are hidden in training with the probability "
        "rarity / (rarity + n), so that unknown ones are met",
        at_least=0.0,
    )
    characters: int = setting(
        32, "size of the LSTM that reads a word's characters, in each direction; 0: none does",
        at_least=0,
    )  # fmt: skip
    character_embedding: int = setting(16, "numbers that stand for a character", at_least=1)
    max_characters: int = setting(
        16, "characters that are read of a word; of longer ones both ends", at_least=2
    )
    encoder: str = setting("lstm", "what reads the words", choices=("lstm", "gru"))
    bidirectional: bool = setting(True, "read the sentence from its end, too")
    layers: int = setting(1, "encoders on top of each other", at_least=1)
    units: int = setting(64, "size of a state, in each direction", at_least=1)
    dropout: float = setting(
        0.3, "share of values left out in training, of what is read and of states",
        at_least=0.0, at_most=0.9,
    )  # fmt: skip
    batch_tokens: int = setting(1000, "words in a batch, padding counted", at_least=1)
    epochs: int = setting(10, "most passes over the training data", at_least=1)
    monitor: str = setting("token_accuracy", "validation metric that chooses the best round")
    patience: int = setting(3, "epochs without a better value before stopping", at_least=1)
    learning_rate: float = setting(
        4e-3, "size of the steps; --find-learning-rate suggests one", at_least=0.0
    )


def length(case: Case, settings: Any) -> int:
    """The words of the sentence."""
    return len(spaced(case["text"]))


def fit(rows: Iterable[Row], settings: Any) -> State:
    from .features import fit

    return fit(rows, settings)


def features(settings: Any, state: State) -> Any:
    from .features import TagFeatures

    return TagFeatures(settings, state)


def build_model(settings: Any, features: Any) -> Any:
    from .model import build_model

    return build_model(settings, features)


def figures(cases: Sequence[Case], responses: Sequence[Response]) -> Iterable[Figure]:
    """Which tags are taken for which, and how long a sentence may be."""
    from .figures import confusion_of_tags, sentences_by_length

    return [confusion_of_tags(cases, responses), sentences_by_length(cases, responses)]


def observe(ask: Ask, around: Surroundings) -> Mapping[str, Any]:
    """Where it errs: by tag, by pair of tags, by word."""
    from .observed import observe

    return observe(ask, around)


def shown(observed: Mapping[str, Any]) -> Iterable[Section]:
    from .shown import shown

    return shown(observed)


TEXT = Column(
    "text", "a sentence, its words separated by spaces", called=("form", "word", "words", "tokens")
)
TAGS = Column(
    "text", "a tag for each word, separated by spaces", called=("upos", "pos", "tag"), along="text"
)
ANSWER = {
    "tokens": Output("tokens", "the words, padded with empty text"),
    "tags": Output("tags", "the likeliest tag of each word"),
    "scores": Output("scores", "probability of each of `tags`"),
    "ids": Output("ids", "each word's row of the vocabulary; 0 is padding, 1 a word that is not"),
}


def signatures(settings: Any) -> Mapping[str, Signature]:
    """The same of a text whose words nobody has separated."""
    raw = replace(TEXT, meaning="a text as people write it", called=())
    return {"raw_text": Signature({"text": raw}, ANSWER, "cuts the text as UD English is cut")}


TASK = Task(
    name="tagging",
    summary="What part of speech is each word? A sentence in, a tag for every word out.",
    inputs={"text": TEXT},
    targets={"tags": TAGS},
    samples={
        "made-up": Sample(
            summary=(
                "3,000 sentences of a small made-up grammar, with words of several tags and, in "
                "valid and test, words that training lacks, with endings that tell"
            ),
            rows={"train": train, "valid": valid, "test": test},
            goal=Goal("token_accuracy", 0.98),
        ),
    },
    settings=Settings(),
    tiny=replace(
        Settings(),
        embedding=11,
        characters=7,
        character_embedding=5,
        max_characters=13,
        units=17,
        dropout=0.1,
        batch_tokens=300,
        epochs=3,
        learning_rate=1e-2,
        gradient_batches=0,
    ),
    fit=fit,
    features=features,
    build_model=build_model,
    batching=Buckets(length),
    answer=ANSWER,
    signatures=signatures,
    figures=figures,
    observe=observe,
    shown=shown,
    baselines={
        "most_frequent": most_frequent_tag,
        "tag_of_word": tag_of_word,
        "tag_of_word_or_ending": tag_of_word_or_ending,
    },
    metrics={
        "token_accuracy": token_accuracy(),
        "unseen_accuracy": unseen_accuracy(),
        "sentence_accuracy": sentence_accuracy(),
        "macro_f1": tag_macro_f1(),
    },
)
