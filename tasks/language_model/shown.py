"""What was observed of a language model, as sections of the report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from seqapps.task import Figure, Passage, Passages, Section, Shaded, Table

from .figures import by_frequency, by_position

Values = Mapping[str, Any]
COPIED = {
    "copied_characters": "8 characters in a row that training has",
    "copied_words": "8 words in a row that training has",
    "distinct_1": "different words (distinct-1)",
    "distinct_2": "different pairs of words (distinct-2)",
    "distinct_3": "different triples of words (distinct-3)",
}


def shown(observed: Values) -> Iterable[Section]:
    """The sections in their order."""
    yield _written(observed["written"], observed["trained_on"])
    if observed["styles"]:
        yield _styles(observed["styles"])
    yield _surprise(observed["surprise"])
    if observed["neighbours"]:
        yield Section(title="Learnt vectors", parts=[_neighbours(observed["neighbours"])])


def _written(written: Values, trained_on: Values) -> Section:
    return Section(title="What it writes", parts=[_samples(written), _shares(written, trained_on)])


def _samples(written: Values) -> Passages:
    temperatures = {each["temperature"] for each in written["samples"]}
    return Passages(
        title="The same beginnings at three temperatures",
        passages=[
            _continued(each, f"temperature {each['temperature']:.1f}")
            for each in _by_prompt(written["samples"])
        ],
        note=(
            "The prompt, in the fainter colour, is the beginning of a test document, or nothing. "
            "Below 1 a temperature prefers likely tokens; at 1 they are drawn as the model "
            "believes. Nothing was picked: these are the first seeds."
        ),
        columns=len(temperatures),
    )


def _by_prompt(samples: Sequence[Values]) -> list[Values]:
    """Samples of the same prompt together: a line of the page each."""
    prompts = list(dict.fromkeys(each["prompt"] for each in samples))
    return [each for prompt in prompts for each in samples if each["prompt"] == prompt]


def _continued(sample: Values, caption: str) -> Passage:
    if not sample["prompt"]:
        caption += ", no prompt"
    return Passage(caption, sample["text"], lead=sample["prompt"])


def _shares(written: Values, trained_on: Values) -> Table:
    who = list(written["shares"])
    read = "the training documents" if trained_on["whole"] else (
        f"the first {trained_on['characters']:,} characters of training"
    )  # fmt: skip
    return Table(
        title="Copied, and said again",
        head=["", *who],
        rows=[
            [name, *(_share(written["shares"][each][key]) for each in who)]
            for key, name in COPIED.items()
        ],
        note=(
            f"Of {written['characters']:,} characters each, without the prompts. Compare with the "
            "last column: text of people shares stretches with other text, too. Far more than that "
            f"is recited from {read}; far fewer different words are repetition. Words are counted "
            "written large or small alike."
        ),
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _styles(styles: Values) -> Section:
    parts: list[Any] = [
        Passages(
            title=f"The same prompt, two values of {styles['column']}",
            passages=[_continued(each, each["style"]) for each in _by_prompt(styles["samples"])],
            note=(
                "Same seed, temperature 0.7; of the styles that test documents have, the two with "
                "the most text in training."
            ),
            columns=2,
        )
    ]
    if styles["verdict"]:
        parts.append(_verdict(styles["verdict"], styles["names"]))
    return Section(title="Two styles", parts=parts)


def _verdict(verdict: Values, names: Sequence[str]) -> Table:
    lines = {"real texts, held out": verdict["real"], "what the model wrote": verdict["written"]}
    return Table(
        title="Can the styles be told apart?",
        head=["", "texts", "told right", "share", "95 % interval"],
        rows=[
            [
                name,
                f"{each['of']:,}",
                f"{each['right']:,}",
                f"{each['right'] / each['of']:.1%}",
                f"{each['low']:.1%} to {each['high']:.1%}",
            ]
            for name, each in lines.items()
            if each
        ],
        note=(
            f"{_finding(verdict)} A classifier (TF-IDF of words, logistic regression) "
            f"learnt {names[0]} from {names[1]} on {verdict['learnt']:,} real training texts of "
            f"{verdict['characters']} characters, and never saw a written one. A written text is "
            "right where it is taken for the style that was asked for; guessing gives half. "
            "Intervals are binomial (Wilson 1927); stretches of one document are alike, so that "
            "of real texts is too narrow."
        ),
    )


def _finding(verdict: Values) -> str:
    written, real = verdict["written"], verdict["real"]
    if not written:
        return "The model wrote nothing."
    if written["low"] > 0.5:
        return "Yes: what the model writes can be told apart by the style that it was given."
    if not real:
        return "It cannot be said: no real texts of both styles were held out to try it on."
    if real["low"] <= 0.5:
        return "It cannot be said: not even real texts that were held out are told apart surely."
    if written["high"] < 0.5:
        return "What the model writes is taken for the other style more often than not."
    return "No: what the model writes cannot be told apart better than by guessing."


def _surprise(surprise: Values) -> Section:
    parts: list[Figure | Table | Passages] = [_passage(surprise["passage"])]
    if surprise["frequency"]:
        parts.append(by_frequency(surprise["frequency"]))
    if surprise["position"]:
        parts.append(by_position(surprise["position"]))
    if surprise["hardest"]:
        parts.append(
            _words("The hardest words", surprise["hardest"], "More tokens make it harder.")
        )
    if surprise["easiest"]:
        parts.append(_words("The easiest words", surprise["easiest"], "Of 4 letters or more."))
    return Section(
        title="What surprises it",
        parts=parts,
        note=(
            f"-log probability of each token of {surprise['pieces']:,} test pieces, in nats, after "
            "up to 500 characters that stand before the piece (signature surprisal)."
        ),
    )


def _passage(passage: Values) -> Passages:
    guess = passage["guess"]
    return Passages(
        title="A passage, token by token",
        passages=[
            Passage(
                "from the test piece in the middle, by surprise",
                [
                    Shaded(text, nats / guess, f"{nats:.2f} nats, {_percent(math.exp(-nats))}")
                    for text, nats in passage["tokens"]
                ],
                lead=f"...{passage['lead']}" if passage["lead"] else "",
            )
        ],
        note=(
            "The stronger the shade, the less likely the model held the token; the strongest is no "
            f"better than a guess among all its tokens ({guess:.1f} nats). Without a shade it was "
            "sure. Point at a token for its probability."
        ),
    )


def _percent(probability: float) -> str:
    return f"{100 * probability:.2g} %"


def _words(title: str, words: Sequence[Values], remark: str) -> Table:
    compared = words[0]["ngrams"] is not None
    head = ["word", "nats", *(["n-grams"] if compared else []), "times here", "in training"]
    return Table(
        title=title,
        head=head,
        rows=[
            [
                each["word"],
                f"{each['nats']:.2f}",
                *([f"{each['ngrams']:.2f}"] if compared else []),
                f"{each['times']:,}",
                f"{each['training']:,}",
            ]
            for each in words
        ],
        note=(
            "Surprise of a whole word, all its tokens together, in the mean of at least 3 "
            f"occurrences. {remark}"
        ),
    )


def _neighbours(neighbours: Sequence[Values]) -> Table:
    return Table(
        title="Tokens whose vectors are most alike",
        head=["token", "in training", "most alike (cosine)"],
        rows=[
            [
                each["token"],
                f"{each['count']:,}",
                " · ".join(f"{name} {value:.2f}" for name, value in each["alike"]),
            ]
            for each in neighbours
        ],
        note=(
            "Nobody told the model that two tokens are alike: vectors are near where much the same "
            "may follow both. From the most frequent token down to rarer ones (signature "
            "neighbours)."
        ),
    )
