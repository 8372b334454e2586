"""Daily returns of 20 stocks, with their size, the index and factors: of a published wheel."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from seqapps.data import wheels
from seqapps.task import Row

if TYPE_CHECKING:
    import numpy as np

WHEEL = "skfolio"
FOLDER = "skfolio/datasets/data"
INDEX = "SP500"
# Funds that hold the shares of one kind, since 2014: their returns stand for that kind's.
FACTORS = {
    "MTUM": "momentum_return",
    "QUAL": "quality_return",
    "SIZE": "small_size_return",
    "USMV": "low_volatility_return",
    "VLUE": "value_return",
}


def stocks() -> Iterator[Row]:
    """A row for each stock: what was known at the close of each trading day, in per cent.

    `return` is the change of the logarithm of the price since the close before, `size` is its
    absolute value, `index_return` the return of the S&P 500; of five factors there is nothing
    before 2014. Prices contain dividends. The first day has no return and is left out.
    """
    import numpy as np

    days, names, prices = _table("sp500_dataset")
    index = _returns_at(days, "sp500_index")[INDEX]
    factors = _returns_at(days, "factors_dataset")
    around = [index, *(factors[name] for name in FACTORS)]
    own = _returns(prices)
    for place, name in enumerate(names):
        channels = [own[:, place], np.abs(own[:, place]), *around]
        yield {
            "series": name,
            "times": days[1:],
            "values": np.stack(channels, axis=1).astype("float32"),  # [time, channels]
            "names": "\n".join(["return", "size", "index_return", *FACTORS.values()]),
        }


def _returns(prices: np.ndarray) -> np.ndarray:
    """Prices [days, series] -> log returns in per cent [days - 1, series]."""
    import numpy as np

    return np.asarray(100 * np.diff(np.log(prices), axis=0))


def _returns_at(days: np.ndarray, table: str) -> dict[str, np.ndarray]:
    """The returns of a table by name, each [days - 1]; NaN where it has no price of a day.

    A day whose price, or that of the day before, is missing has none: no price is carried forward.
    """
    import numpy as np

    own, names, prices = _table(table)
    laid = np.full([len(days), len(names)], np.nan)
    place = np.searchsorted(days, own)
    there = (place < len(days)) & (days[np.minimum(place, len(days) - 1)] == own)
    laid[place[there]] = prices[there]
    return dict(zip(names, _returns(laid).T, strict=True))


def _table(name: str) -> tuple[np.ndarray, list[str], np.ndarray]:
    """(days as seconds since 1970, names, prices [days, names]) of a file of the wheel."""
    import numpy as np

    content = gzip.decompress(wheels.read(WHEEL, f"{FOLDER}/{name}.csv.gz")).decode("utf-8")
    head, *lines = csv.reader(io.StringIO(content))
    days = np.array([line[0] for line in lines], "datetime64[s]").astype("int64")
    prices = np.array([line[1:] for line in lines], "float64")
    return days, head[1:], prices.reshape(len(lines), len(head) - 1)
