"""Series that come with statsmodels."""

from __future__ import annotations

from collections.abc import Iterator

from seqapps.task import Row


def co2() -> Iterator[Row]:
    """Weekly CO2 above Mauna Loa, 1958 to 2001, in parts per million; 59 weeks are missing."""
    import numpy as np
    from statsmodels.datasets import co2 as data

    found = data.load_pandas().data["co2"]
    times = found.index.to_numpy().astype("datetime64[s]").astype("int64")
    yield {
        "series": "co2",
        "times": times,
        "values": found.to_numpy("float32")[:, np.newaxis],
        "names": "co2",
    }


def sunspots() -> Iterator[Row]:
    """Sunspots counted each year, 1700 to 2008."""
    import numpy as np
    from statsmodels.datasets import sunspots as data

    found = data.load_pandas().data
    years = found["YEAR"].to_numpy("int64") - 1970
    times = years.astype("datetime64[Y]").astype("datetime64[s]").astype("int64")
    yield {
        "series": "sunspots",
        "times": times,
        "values": found["SUNACTIVITY"].to_numpy("float32")[:, np.newaxis],
        "names": "sunspots",
    }
