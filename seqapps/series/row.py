"""The columns of a row that is a series, and how settings name its channels."""

from seqapps.task import Column

SERIES = Column("category", "name of the series", default="", called=("unique_id", "item_id"))
TIMES = Column(
    "time",
    "when each step was observed, in seconds since 1970 (UTC)",
    shape=(None,),
    called=("time", "date", "datetime", "timestamp", "ds", "day", "month"),
)
VALUES = Column(
    "series", "what was observed at each step; NaN: nothing", shape=(None, None), gaps=True
)
NAMES = Column("text", "names of the channels of `values`, a line each")
ROW = {"series": SERIES, "times": TIMES, "values": VALUES, "names": NAMES}


def names_in(given: str) -> list[str]:
    """Channels that a setting names.

    >>> names_in("OT, HUFL")
    ['OT', 'HUFL']
    """
    return [name.strip() for name in given.split(",") if name.strip()]
