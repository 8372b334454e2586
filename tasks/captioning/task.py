"""What is in the picture? An image in, a sentence out, and where the model looked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from seqapps.baselines.captions import most_frequent_caption, nearest_image
from seqapps.metrics.captions import bleu, chrf, cider_d, length_ratio
from seqapps.settings import setting
from seqapps.task import (
    Ask,
    Buckets,
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
    Surroundings,
    Task,
)
from seqapps.training.forcing import Forcing
from seqapps.training.optimizer import SCHEDULE, SCHEDULES

from .checks import check_one_beam_is_greedy, check_where_it_looks_sums_to_one
from .facts import exact_scene, facts
from .scenes import scenes_of_test, scenes_of_train, scenes_of_valid

CHARACTERS_A_SUBWORD = 4  # of European languages, roughly


@dataclass(frozen=True)
class Settings(Forcing):
    image_encoder: str = setting(
        "small",
        "what reads pictures: small is trained from scratch; else a model of keras.applications "
        "with ImageNet weights, or the path of a saved Keras model that gives a map of features",
        file=True,
    )
    image_size: int = setting(
        64, "pixels to a side of the square that every picture is made", at_least=8
    )
    image_map: str = setting(
        "last",
        "where it looks in what an encoder that is trained already sees: its last map; or the last "
        "finer one, of twice as many cells to a side, each of which knows less of what is around "
        "it, while the mean of the last map is an overview that is read at every step",
        choices=("last", "finer"),
    )
    overview_dropout: float = setting(
        0.3, "share of the pictures whose overview training leaves out, so that what is named is "
        "looked for",
        at_least=0.0, at_most=0.9,
    )  # fmt: skip
    fine_tune: bool = setting(
        False, "train an encoder that is trained already on; else its features are made once"
    )
    augment: bool = setting(
        False, "move and shade the pictures of training by chance; where the encoder is trained"
    )
    captions: int = setting(
        5, "captions of a picture that are learnt at most; further ones judge only", at_least=1
    )
    tokens: str = setting(
        "words",
        "what captions are made of, lower case",
        choices=("characters", "words", "subwords"),
    )
    vocabulary: int = setting(
        3_000, "most different tokens; rarer ones are one unknown token", at_least=1
    )
    max_tokens: int = setting(40, "tokens kept of a caption, and written at most", at_least=2)
    decoder: str = setting("lstm", "what writes captions", choices=("lstm", "gru"))
    layers: int = setting(1, "decoders on top of each other", at_least=1)
    units: int = setting(
        128, "size of the decoder's state and of a cell of the picture", at_least=1
    )
    embedding: int = setting(64, "numbers that stand for a token", at_least=1)
    tied: bool = setting(False, "score tokens by the vectors that stand for them")
    looks: str = setting(
        "between",
        "when the decoder looks at the picture: after its step, or between its step and that of "
        "another layer, which reads what was seen (after Anderson et al. 2018), both so that a "
        "caption is trained in one pass; or before it, with a gate on what it saw (Xu et al. "
        "2015), step by step",
        choices=("after", "between", "before"),
    )
    attention: str = setting(
        "multi_head", "how it looks after a step; before one it is additive",
        choices=("dot", "general", "additive", "multi_head"),
    )  # fmt: skip
    heads: int = setting(4, "heads of attention, where it has several", at_least=1)
    coverage: float = setting(
        0.0, "weight in the loss of parts of the picture that a caption looks at too much or too "
        "little (doubly stochastic attention)",
        at_least=0.0,
    )  # fmt: skip
    dropout: float = setting(
        0.1, "share of embedded values, cells and states left out in training",
        at_least=0.0, at_most=0.9,
    )  # fmt: skip
    word_noise: float = setting(
        0.15, "share of the tokens before that training puts others for, which have followed the "
        "same token, so that a word is looked for rather than guessed",
        at_least=0.0, at_most=0.9,
    )  # fmt: skip
    label_smoothing: float = setting(
        0.1, "share of each true token that training gives to all tokens alike",
        at_least=0.0, at_most=0.9,
    )  # fmt: skip
    beam: int = setting(
        3, "captions that are tried side by side and told by n_best; 1 is greedy", at_least=1
    )
    length_penalty: float = setting(
        0.6, "how much longer captions are helped (Wu et al. 2016); 0 not at all", at_least=0.0
    )
    no_repeat: int = setting(
        0, "no sequence of so many tokens is written twice; 0 allows all", at_least=0
    )
    batch_tokens: int = setting(
        160, "tokens in a batch, the longest caption of each picture and padding counted",
        at_least=1,
    )  # fmt: skip
    epochs: int = setting(7, "most passes over the training data", at_least=1)
    validation_cases: int = setting(
        500, "validation pictures that are described after each round; 0: all", at_least=0
    )
    monitor: str = setting("cider_d", "validation metric that chooses the best round")
    patience: int = setting(3, "epochs without a better value before stopping", at_least=1)
    learning_rate: float = setting(
        1.5e-3, "size of the steps; --find-learning-rate suggests one", at_least=0.0
    )
    schedule: str = setting("cosine", SCHEDULE, choices=SCHEDULES)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.looks == "before" and self.layers > 1:
            raise ValueError("looks = 'before' has one decoder; take layers = 1.")
        if self.image_map != "last" and self.image_encoder == "small":
            raise ValueError(
                "image_map = 'finer' is for an encoder that is trained already; small has one map. "
                "Take image_map = 'last' with it."
            )
        frozen = self.image_encoder != "small" and not self.fine_tune
        if self.augment and frozen:
            raise ValueError(
                "augment = true changes pictures, but the features of a frozen encoder are made "
                "once. Take fine_tune = true with it."
            )


def length(case: Case, settings: Any) -> int:
    """About the tokens of the longest caption; pictures are all of one size."""
    captions = case.get("captions", "").split("\n")
    if settings.tokens == "words":
        return 1 + max(len(caption.split()) for caption in captions)
    longest = max(map(len, captions))
    return 1 + longest // (CHARACTERS_A_SUBWORD if settings.tokens == "subwords" else 1)


def fit(rows: Iterable[Row], settings: Any) -> State:
    from .features import fit

    return fit(rows, settings)


def features(settings: Any, state: State) -> Any:
    from .features import CaptioningFeatures

    return CaptioningFeatures(settings, state)


def build_model(settings: Any, features: Any) -> Any:
    from .model import build_model

    return build_model(settings, features)


def observe(ask: Ask, around: Surroundings) -> Mapping[str, Any]:
    """What the report shows of where the model looks and what else it might have said."""
    from .observed import observe

    return observe(ask, around)


def shown(observed: Mapping[str, Any]) -> Iterable[Section]:
    from .shown import shown

    return shown(observed)


def adapt(task: Task, settings: Any) -> Task:
    """The nearest picture is that by the features of the encoder, where it is trained already."""

    def nearest(training: Sequence[Case]) -> Predict:
        from .vectors import vectors_of

        return nearest_image(vectors_of(settings))(training)

    return replace(task, baselines={**task.baselines, "nearest_image": nearest})


IMAGE = Column(
    "image", "a picture: JPEG, PNG, BMP, or a GIF's first frame",
    called=("image", "file_name", "filename", "file", "path"),
)  # fmt: skip
CAPTION = Column("text", "a sentence about it; empty: the model's own", default="")
CAPTIONS = ({"caption": ""}, {"caption": "a red circle"})  # asked for in golden requests
SIGNATURES = {
    "n_best": Signature(
        {"image_bytes": IMAGE},
        {
            "captions": Output("labels", "as many as the beam is wide, the best one first"),
            "scores": Output("scores", "log probability, normalised by length"),
        },
        "several captions",
    ),
    "score": Signature(
        {"image_bytes": IMAGE, "caption": CAPTION},
        {
            "log_probability": Output("number", "of the caption with its end, in nats"),
            "tokens": Output("number", "of the caption, its end counted"),
        },
        "how likely a caption is: ranks candidates",
        CAPTIONS,
    ),
    "explain": Signature(
        {"image_bytes": IMAGE, "caption": CAPTION},
        {
            "tokens": Output("tokens", "of the caption, padded with empty text"),
            "attention": Output(
                "heat_map", "where each token looked: sums to 1 over height and width"
            ),
        },
        "where the model looks for each word",
        CAPTIONS,
    ),
}


def signatures(settings: Any) -> Mapping[str, Signature]:
    """What a model can be asked beside the best caption."""
    return SIGNATURES


TASK = Task(
    name="captioning",
    summary="What is in the picture? An image in, a sentence out, and where the model looked.",
    inputs={"image_bytes": IMAGE},
    targets={
        "captions": Column(
            "text",
            "what people say of it, a caption on each line",
            several=True,
            called=("caption", "text", "sentence", "comment"),
        ),
        "scene": Column(
            "text",
            "of drawn scenes what is in them and where, as JSON",
            default="",
            metrics_only=True,
        ),
    },
    samples={
        "scenes": Sample(
            summary="drawn scenes of up to three shapes; unseen combinations are the test",
            rows={"train": scenes_of_train, "valid": scenes_of_valid, "test": scenes_of_test},
            packages=("pillow",),
            goal=Goal("facts", 0.95),
        ),
    },
    settings=Settings(),
    tiny=replace(
        Settings(),
        image_size=32,
        captions=2,
        units=29,
        embedding=13,
        batch_tokens=300,
        epochs=6,
        word_noise=0.1,
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
        "caption": Output("text", "the best caption found"),
        "score": Output("number", "its log probability, normalised by length; higher is surer"),
    },
    signatures=signatures,
    observe=observe,
    shown=shown,
    checks=[check_where_it_looks_sums_to_one, check_one_beam_is_greedy],
    adapt=adapt,
    baselines={"most_frequent_caption": most_frequent_caption},
    metrics={
        "cider_d": cider_d(),
        "bleu_1": bleu(1),
        "bleu_2": bleu(2),
        "bleu_3": bleu(3),
        "bleu_4": bleu(4),
        "chrf": chrf(),
        "length_ratio": length_ratio(),
        "facts": facts(""),
        "facts_shape": facts("shape"),
        "facts_colour": facts("colour"),
        "facts_size": facts("size"),
        "facts_relation": facts("relation"),
        "exact_scene": exact_scene(),
    },
)
