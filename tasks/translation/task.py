"""What is that in the other language? Text in, its translation out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from seqapps.baselines.translation import copy_source, nearest_source
from seqapps.baselines.word_by_word import ibm_model_1
from seqapps.metrics.translation import bleu, chrf, exact_match, length_ratio, token_accuracy
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
from seqapps.training.forcing import Forcing
from seqapps.training.optimizer import SCHEDULE, SCHEDULES

from .checks import check_one_beam_is_greedy, check_where_it_looks_sums_to_one
from .dates import dates, dates_of_new_locales, dates_of_train, dates_of_valid
from .questions import questions
from .spelling import spelling

CHARACTERS_A_SUBWORD = 4  # of European languages, roughly


@dataclass(frozen=True)
class Settings(Forcing):
    tokens: str = setting(
        "characters", "what both sides are made of", choices=("characters", "words", "subwords")
    )
    vocabulary: int = setting(
        8_000, "most different tokens of a side; rarer ones are one unknown token", at_least=1
    )
    shared_vocabulary: bool = setting(
        False, "one vocabulary and one set of vectors for both sides, for languages of one script"
    )
    max_tokens: int = setting(
        200, "tokens kept of a source and of a target, and written at most", at_least=2
    )
    encoder: str = setting(
        "lstm", "what reads the source and writes the target; attention is a Transformer",
        choices=("lstm", "gru", "attention"),
    )  # fmt: skip
    bidirectional: bool = setting(
        True, "read the source from its end, too; attention always looks both ways"
    )
    layers: int = setting(1, "encoders, and decoders, on top of each other", at_least=1)
    units: int = setting(
        128, "size of the decoder's state; two directions of the encoder share it", at_least=2
    )
    heads: int = setting(4, "heads of attention, where it has several", at_least=1)
    embedding: int = setting(64, "numbers that stand for a token", at_least=1)
    tied: bool = setting(False, "score target tokens by the vectors that stand for them")
    attention: str = setting(
        "general",
        "how the decoder looks at the source; none: it only remembers what was read. A Transformer "
        "has its own",
        choices=("none", "dot", "general", "additive", "local", "multi_head"),
    )
    window: int = setting(10, "tokens that local attention sees to each side", at_least=1)
    input_feeding: bool = setting(
        False, "read what the last look gave beside each token; trains step by step, so slowly"
    )
    dropout: float = setting(
        0.1, "share of embedded values and of states left out in training",
        at_least=0.0, at_most=0.9,
    )  # fmt: skip
    beam: int = setting(
        4, "translations that are tried side by side and told by n_best; 1 is greedy", at_least=1
    )
    length_penalty: float = setting(
        0.6, "how much longer translations are helped (Wu et al. 2016); 0 not at all",
        at_least=0.0,
    )  # fmt: skip
    coverage_penalty: float = setting(
        0.0, "how much it costs to leave out parts of the source (Wu et al. 2016)", at_least=0.0
    )
    no_repeat: int = setting(
        0, "no sequence of so many tokens is written twice; 0 allows all", at_least=0
    )
    batch_tokens: int = setting(6000, "tokens in a batch, padding counted", at_least=1)
    epochs: int = setting(8, "most passes over the training data", at_least=1)
    validation_cases: int = setting(
        1000, "validation pairs that are translated after each round; 0: all", at_least=0
    )
    monitor: str = setting("chrf", "validation metric that chooses the best round")
    patience: int = setting(3, "epochs without a better value before stopping", at_least=1)
    learning_rate: float = setting(
        2e-3, "size of the steps; --find-learning-rate suggests one", at_least=0.0
    )
    schedule: str = setting("cosine", SCHEDULE, choices=SCHEDULES)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.encoder == "attention":
            if self.input_feeding:
                raise ValueError("input_feeding = true is about recurrent decoders.")
            return
        if self.bidirectional and self.units % 2:
            raise ValueError(
                f"units = {self.units}: two directions share them, so give an even number, or "
                "bidirectional = false."
            )
        if self.input_feeding and self.attention == "none":
            raise ValueError("input_feeding = true feeds what attention gives; take one.")
        if self.coverage_penalty and self.attention == "none":
            raise ValueError(
                f"coverage_penalty = {self.coverage_penalty:g} counts what attention has seen; "
                "take one, or coverage_penalty = 0."
            )

    @property
    def looks(self) -> bool:
        """Whether there is an attention to be shown."""
        return self.encoder == "attention" or self.attention != "none"


def length(case: Case, settings: Any) -> int:
    """About the tokens of the longer side."""
    longest = max((case["source"], case["target"]), key=len) if "target" in case else case["source"]
    if settings.tokens == "words":
        return 2 * len(longest.split())
    return 1 + len(longest) // (CHARACTERS_A_SUBWORD if settings.tokens == "subwords" else 1)


def fit(rows: Iterable[Row], settings: Any) -> State:
    from .features import fit

    return fit(rows, settings)


def features(settings: Any, state: State) -> Any:
    from .features import TranslationFeatures

    return TranslationFeatures(settings, state)


def build_model(settings: Any, features: Any) -> Any:
    from .model import build_model

    return build_model(settings, features)


def watch(settings: Any, model: Any, features: Any, cases: Sequence[Case]) -> Mapping[str, float]:
    """How good single tokens are after true ones, beside translations that go on by themselves."""
    from .watch import teacher_forced

    return teacher_forced(settings, model, features, cases)


def observe(ask: Ask, around: Surroundings) -> Mapping[str, Any]:
    """What the report shows of where the model looks and what else it might have said."""
    from .observed import observe

    return observe(ask, around)


def shown(observed: Mapping[str, Any]) -> Iterable[Section]:
    from .shown import shown

    return shown(observed)


def figures(cases: Sequence[Case], responses: Sequence[Response]) -> Iterable[Figure]:
    """Scores by length: a translator without attention loses long sources."""
    from .figures import by_length

    return [by_length(TASK.metrics, cases, {"model": responses})]


def compared(
    cases: Sequence[Case], responses: Mapping[str, Sequence[Response]]
) -> Iterable[Figure]:
    """The same of several runs, such as with attention and without."""
    from .figures import by_length

    return [by_length(TASK.metrics, cases, responses)]


SOURCE = Column("text", "the text to translate")
TARGET = Column("text", "its translation")
EXPLAINED = {
    "source_tokens": Output("tokens", "of the source, padded with empty text"),
    "target_tokens": Output("tokens", "of the translation, padded with empty text"),
    "attention": Output(
        "alignment", "where each target token looked: rows sum to 1 over the source"
    ),
}


def signatures(settings: Any) -> Mapping[str, Signature]:
    """What a model can be asked beside the best translation."""
    pair = {
        "source": SOURCE,
        "target": replace(TARGET, meaning="empty: the model's own", default=""),
    }
    found = {
        "n_best": Signature(
            {"source": SOURCE},
            {
                "translations": Output("labels", "as many as the beam is wide, the best one first"),
                "scores": Output("scores", "log probability, normalised by length"),
            },
            "several translations",
        ),
        "score": Signature(
            {"source": SOURCE, "target": TARGET},
            {
                "log_probability": Output("number", "of the target with its end, in nats"),
                "tokens": Output("number", "of the target, its end counted"),
            },
            "how likely a translation is: ranks candidates",
        ),
    }
    if settings.looks:
        found["explain"] = Signature(pair, EXPLAINED, "where the model looks for each token")
    return found


TASK = Task(
    name="translation",
    summary="What is that in the other language? Text in, its translation out.",
    inputs={"source": SOURCE},
    targets={"target": TARGET},
    samples={
        "dates": Sample(
            summary="dates as people write them in a dozen locales, into ISO 8601; unseen dates",
            rows=dates,
            group="target",
            packages=("Babel",),
            goal=Goal("exact_match", 0.98),
        ),
        "dates-of-new-locales": Sample(
            summary="the same, judged on Danish and Hungarian, which training lacks",
            rows={"train": dates_of_train, "valid": dates_of_valid, "test": dates_of_new_locales},
            group="target",
            packages=("Babel",),
        ),
        "spelling": Sample(
            summary=(
                "misspelt words of the Python reference into the right ones, of words that "
                "training lacks"
            ),
            rows=spelling,
            group="target",
        ),
        "questions": Sample(
            summary="questions about what happened in a small made-up world, with answers",
            rows=questions,
            group="facts",
            presets=("questions",),
        ),
    },
    settings=Settings(),
    tiny=replace(
        Settings(),
        embedding=13,
        units=38,
        heads=2,
        batch_tokens=700,
        epochs=4,
        learning_rate=1e-2,
        beam=2,
        max_tokens=23,
        validation_cases=101,
        gradient_batches=0,
    ),
    fit=fit,
    features=features,
    build_model=build_model,
    batching=Buckets(length),
    answer={
        "translation": Output("text", "the best translation found"),
        "score": Output("number", "its log probability, normalised by length; higher is surer"),
    },
    signatures=signatures,
    watch=watch,
    observe=observe,
    shown=shown,
    figures=figures,
    compared=compared,
    checks=[check_where_it_looks_sums_to_one, check_one_beam_is_greedy],
    baselines={
        "copy_source": copy_source,
        "nearest_source": nearest_source,
        "ibm_model_1": ibm_model_1,
    },
    metrics={
        "chrf": chrf(),
        "bleu": bleu(),
        "exact_match": exact_match(),
        "token_accuracy": token_accuracy(),
        "length_ratio": length_ratio(),
    },
)
