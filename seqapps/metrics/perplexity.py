"""How well a language model foresees texts: nats and bits, perplexity of tokens and words.

A response holds `log_probability`, that of the whole text in nats, and `tokens`, of how many it is
the sum: with the token that ends a document where the model tells that too, and unknown ones as any
other; `unknown` is how many of them those are. A case holds its `text`. Scores are sums over all
cases divided by sums, so that every token counts once and long texts count for more: the mean of
the cases' own perplexities would be another, larger number. NumPy is imported where it is used:
tasks import this module, and listing tasks must be instant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from seqapps.task import Case, Example, Metric, Response

if TYPE_CHECKING:
    import numpy as np

HIGHEST = 700.0  # nats, whose exponential is still a float

_CASES = [{"text": "no it was\n"}, {"text": "좋다 \n"}]  # 10 and 4 characters, 4 and 2 words
_RESPONSES = [
    {"log_probability": -9.0, "tokens": 4, "unknown": 0},
    {"log_probability": -1.5, "tokens": 3, "unknown": 2},
]
_NATS = 10.5


def nats_per_token() -> Metric:
    """Cross entropy: the mean negative log probability of a token, in nats; the training loss."""
    return _per(_tokens, value=_NATS / 7, unit="nats")


def perplexity() -> Metric:
    """E to the power of nats per token: among how many equally likely tokens one had to guess.

    Comparable between models of the same tokens only; others need bits per character or
    perplexity per word.
    """
    return _per(_tokens, value=math.exp(_NATS / 7), then=_exponential)


def bits_per_character() -> Metric:
    """Bits that an ideal coder would need for a character (Unicode code point), any tokens."""
    return _per(
        lambda case, _: len(case["text"]),
        value=_NATS / math.log(2) / 14,
        then=lambda nats: nats / math.log(2),
        unit="bits",
    )


def perplexity_per_word(*, newlines: bool = True) -> Metric:
    """Perplexity of what white space separates, whatever the tokens are.

    The end of each line counts as a word, as in Penn Treebank with a sentence on each line
    (Mikolov et al. 2010). `newlines=False` leaves it out of the count, for text that is wrapped;
    its probability stays in.
    """
    return _per(
        lambda case, _: len(case["text"].split()) + newlines * case["text"].count("\n"),
        value=math.exp(_NATS / (6 if newlines else 4)),
        then=_exponential,
    )


def unknown_rate() -> Metric:
    """Share of all tokens that the model does not know.

    Perplexity is that of the text with one unknown token in their place: with more of them it is
    lower, and says less. So it is told beside.
    """
    return _per(_tokens, value=2 / 7, of=lambda response: float(response["unknown"]))


def _per(
    count: Callable[[Case, Response], int],
    *,
    value: float,
    of: Callable[[Response], float] = lambda response: -float(response["log_probability"]),
    then: Callable[[float], float] = lambda nats: nats,
    unit: str = "",
) -> Metric:
    """Nats, or another amount, for each of what `count` counts in a case, and what they make."""

    def statistics(cases: Sequence[Case], responses: Sequence[Response]) -> np.ndarray:
        import numpy as np

        pairs = list(zip(cases, responses, strict=True))
        amounts = [of(response) for _, response in pairs]
        counts = [float(count(case, response)) for case, response in pairs]
        return np.stack([amounts, counts], axis=1)  # [cases, 2]

    def reduce(sums: np.ndarray) -> float:
        amount, number = map(float, sums)
        return then(amount / number) if number else math.nan  # a resample of empty texts only

    return Metric(
        statistics=statistics,
        reduce=reduce,
        example=Example(_CASES, _RESPONSES, value),
        higher_is_better=False,
        unit=unit,
    )


def _tokens(case: Case, response: Response) -> int:
    return int(response["tokens"])


def _exponential(nats: float) -> float:
    return math.exp(min(nats, HIGHEST))
