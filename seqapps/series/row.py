"""The columns of a row that is a series: what every task on series reads."""

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
