"""How fast rows are prepared and read, in how much memory, and how soon a training begins.

Run: `.venv/bin/python benchmarks/data.py`; `--rows 100000` tries it on a tenth, `--only start`
takes one part. The task is sentiment, the rows are made up from a fixed seed: 50 words of a
Zipf-like vocabulary, two labels. Every measurement is a fresh process with a cache of its own, but
where it is to find what another left. Nothing is asserted: the table tells which goals are met.
"""

import argparse
import csv
import gzip
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PARTS = ("preparing", "formats", "others", "reading", "start")
WORDS, VOCABULARY, AT_ONCE = 50, 50_000, 10_000
RATE, MEMORY, SECONDS = 15_000, 1_500, 10  # goals: rows/s at least, MB and s at most
CODE = "benchmark"  # stands for the digest of the task's code
HEAD = ("", "rows", "s", "rows/s", "CPU s", "peak MB", "over TF", "goal", "")
Facts = dict[str, Any]
Line = tuple[Any, ...]


# What fresh processes do; each takes plain values and gives back what it found.


def write(file: Path, rows: int) -> Facts:
    """Rows in the format that the name says, the same for the same number of rows."""
    if file.suffix == ".parquet":
        import pyarrow
        from pyarrow import parquet

        schema = pyarrow.schema({"text": pyarrow.string(), "label": pyarrow.string()})
        with parquet.ParquetWriter(file, schema) as table:
            for texts, labels in _made_up(rows):
                table.write_table(pyarrow.table({"text": texts, "label": labels}, schema))
        return {}
    with gzip.open(file, "wt", 6) if file.suffix == ".gz" else file.open("w") as out:
        writer = csv.writer(out, lineterminator="\n")
        if file.suffix != ".jsonl":
            writer.writerow(["text", "label"])
        for texts, labels in _made_up(rows):
            if file.suffix == ".jsonl":
                for text, label in zip(texts, labels, strict=True):
                    out.write(json.dumps({"text": text, "label": label}) + "\n")
            else:
                writer.writerows(zip(texts, labels, strict=True))
    return {}


def _made_up(rows: int) -> Iterator[tuple[list[str], list[str]]]:
    """(texts, labels) of many rows at once; a comma in each text makes csv quote it."""
    import numpy as np

    random = np.random.default_rng(7)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    lengths = random.integers(2, 11, VOCABULARY)  # 5 letters and a half a word
    words = np.array(["".join(random.choice(letters, length)) for length in lengths], object)
    shares = np.cumsum(1 / np.arange(1, VOCABULARY + 1))
    for first in range(0, rows, AT_ONCE):
        count = min(AT_ONCE, rows - first)
        drawn = random.random([count, WORDS]) * shares[-1]
        chosen = words[np.searchsorted(shares, drawn)]  # [rows, words]
        chosen[:, WORDS // 2] += ","
        texts = [" ".join(line) for line in chosen.tolist()]
        yield texts, ["positive" if good else "negative" for good in random.random(count) < 0.5]


def prepare(file: Path) -> Facts:
    """Rows of a file as seqapps reads them into its cache."""
    task, started = _task(), _started()
    with _clock() as measured:
        rows = _load(task, file).rows
    return {"rows": rows, **measured, **started}


def fit(file: Path, folder: Path) -> Facts:
    """The passes over the training rows whose results are kept: fitted state and lengths."""
    task, started = _task(), _started()
    from seqapps.data import fitted

    data = _load(task, file)
    cases = task.cases(data.splits["train"], task.settings)
    with _clock() as measured:
        fitted.fit(task, task.settings, data, code=CODE, to=folder)
        fitted.lengths(task, task.settings, data, cases, code=CODE)
    return {"rows": len(cases), **measured, **started}


def read(file: Path, folder: Path) -> Facts:
    """One epoch of the input pipeline as a training reads it, round after round, no model."""
    task, started = _task(), _started()
    import keras
    import tensorflow as tf

    from seqapps import state
    from seqapps.data import fitted
    from seqapps.data.batching import Batch, pipeline
    from seqapps.training.rounds import Rounds

    keras.utils.set_random_seed(0)
    tf.config.experimental.enable_op_determinism()
    data = _load(task, file)
    features = task.features(task.settings, state.load(folder))
    cases = task.cases(data.splits["train"], task.settings)
    lengths = fitted.lengths(task, task.settings, data, cases, code=CODE)
    seen = 0
    with _clock() as measured:
        rounds = Rounds(task, cases, task.settings, seed=0, lengths=lengths)
        batches: list[Batch] = []
        dataset = pipeline(cases, lambda: batches, task.columns, features.pair)
        for number in range(rounds.per_epoch):
            batches[:] = rounds.batches(number)
            for _, labels in dataset:  # labels: [batch]
                seen += len(labels)
    return {"rows": seen, **measured, **started}


def begin(file: Path, seed: int, since: float) -> Facts:
    """A run until its first round; `since` is when this process was started."""
    import seqapps
    from seqapps.progress import Advance, Progress

    works: dict[str, float] = {}  # seconds of what came before
    found: Facts = {}

    class UntilRound(Progress):
        @contextmanager
        def track(self, title: str, total: int | None = None) -> Iterator[Advance]:
            now, before = time.time(), sum(works.values())
            if title.startswith("round"):
                found["seconds"] = now - since
                raise KeyboardInterrupt
            yield lambda steps=1, **figures: None
            inner = sum(works.values()) - before
            works[title] = time.time() - now - inner

    try:
        seqapps.run("sentiment", data=str(file), seed=seed, progress=UntilRound())
    except KeyboardInterrupt:
        return {**found, "works": works}
    raise SystemExit("the run ended without a round")


def read_csv(file: Path) -> Facts:
    with file.open(newline="") as lines, _clock() as measured:
        rows = sum(1 for _ in csv.reader(lines)) - 1
    return {"rows": rows, **measured}


def read_pandas(file: Path) -> Facts:
    import pandas  # type: ignore[import-untyped]

    with _clock() as measured:
        chunks = pandas.read_csv(file, chunksize=AT_ONCE, dtype=str, keep_default_na=False)
        rows = sum(len(chunk) for chunk in chunks)
    return {"rows": rows, **measured}


def write_tfds(file: Path, folder: Path) -> Facts:
    """The same rows by TFDS's own writer, in the order of the file."""
    _task()
    started = _started()
    with _clock() as measured:
        builder = _builder(file)(data_dir=folder)
        builder.download_and_prepare()
    return {"rows": builder.info.splits["train"].num_examples, **measured, **started}


def _builder(file: Path) -> Any:
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()

    class Reviews(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")

        def _info(self) -> Any:
            text = tfds.features.Text()
            features = tfds.features.FeaturesDict({"text": text, "label": text})
            return tfds.core.DatasetInfo(builder=self, features=features, disable_shuffling=True)

        def _split_generators(self, dl_manager: Any) -> Any:
            return {"train": self._generate_examples()}

        def _generate_examples(self) -> Any:
            with file.open(newline="") as lines:
                yield from enumerate(csv.DictReader(lines))

    return Reviews


def _task() -> Any:
    from seqapps import registry

    return registry.load("sentiment")


def _load(task: Any, file: Path) -> Any:
    from seqapps.data.load import load

    return load(task, str(file))


def _started() -> Facts:
    """TensorFlow's start, before the clock runs; the most memory this process had by then."""
    from seqapps import start

    start.tensorflow()
    return {"start_mb": _peak_mb()}


@contextmanager
def _clock() -> Iterator[Facts]:
    measured: Facts = {}
    since, busy = time.perf_counter(), time.process_time()
    yield measured
    measured |= {"seconds": time.perf_counter() - since, "cpu": time.process_time() - busy}


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


DOINGS: dict[str, Callable[..., Facts]] = {
    doing.__name__: doing
    for doing in (write, prepare, fit, read, begin, read_csv, read_pandas, write_tfds)
}


def child(request: str) -> None:
    name, arguments = json.loads(request)
    paths = {key: Path(arguments[key]) for key in ("file", "folder") if key in arguments}
    found = DOINGS[name](**{**arguments, **paths})
    print(json.dumps({**found, "peak_mb": _peak_mb()}))


# The process that starts them. It stays small: on Linux a process inherits the peak memory of the
# one that started it, so nothing large may be imported or made here.


class Bench:
    def __init__(self, place: Path, rows: int) -> None:
        self.place, self.sizes = place, (rows // 10, rows)
        self._prepared: dict[Path, Facts] = {}

    def run(self, name: str, cache: Path, **arguments: Any) -> Facts:
        """What a fresh process found."""
        request = json.dumps([name, arguments], default=str)
        cache.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [sys.executable, str(Path(__file__).resolve()), "child", request],
            env={**os.environ, "SEQAPPS_CACHE": str(cache), "TMPDIR": str(cache)},
            cwd=cache,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"{name} failed:\n{done.stderr[-4000:]}")
        found: Facts = json.loads(done.stdout.splitlines()[-1])
        return found

    def file(self, rows: int, suffix: str = ".csv") -> Path:
        file = self.place / f"{rows}{suffix}"
        if not file.exists():
            _say(f"making {rows:,} rows{suffix}")
            self.run("write", self.place / "none", file=file, rows=rows)
        return file

    def cache(self, name: str) -> Path:
        return self.place / f"cache-{name}"

    def prepared(self, file: Path) -> Facts:
        """Of the preparing of a file, which is done once and leaves its cache to the reading."""
        if file not in self._prepared:
            _say(f"preparing {file.name}")
            self._prepared[file] = self.run("prepare", self.cache(file.name), file=file)
        return self._prepared[file]

    def preparing(self) -> Iterator[Line]:
        found = [self.prepared(self.file(rows)) for rows in self.sizes]
        for facts in found:
            yield _line("preparing csv", facts, rate=RATE)
        yield from _growth("preparing", *found)

    def formats(self) -> Iterator[Line]:
        rows = self.sizes[0]
        for suffix in (".jsonl", ".parquet", ".csv.gz"):
            file = self.file(rows, suffix)
            yield _line(f"preparing {suffix[1:]}", self.prepared(file), rate=RATE)

    def others(self) -> Iterator[Line]:
        """The same csv by others, as shares of the seconds that seqapps takes."""
        for rows in self.sizes:
            file = self.file(rows)
            ours = self.prepared(file)
            for name, title in (
                ("read_csv", "module csv, reading only"),
                ("read_pandas", "pandas.read_csv, in chunks"),
                ("write_tfds", "TFDS's own writer"),
            ):
                _say(f"{title}, {rows:,} rows")
                place = self.cache(f"{name}-{rows}")
                more = {"folder": place / "data"} if name == "write_tfds" else {}
                facts = self.run(name, place, file=file, **more)
                shutil.rmtree(place)
                ratio = facts["seconds"] / ours["seconds"]
                yield (*_line(title, facts)[:-2], "", f"{ratio:.2f} of seqapps' time")

    def reading(self) -> Iterator[Line]:
        """One epoch, and the passes that come before the first one."""
        passes, epochs = [], []
        for rows in self.sizes:
            file = self.file(rows)
            cache = self.cache(file.name)
            self.prepared(file)
            _say(f"fitting and reading {file.name}")
            passes.append(self.run("fit", cache, file=file, folder=cache / "state"))
            epochs.append(self.run("read", cache, file=file, folder=cache / "state"))
        for title, found in (("fitting and measuring", passes), ("reading an epoch", epochs)):
            yield from (_line(title, facts) for facts in found)
            yield from _growth(title, *found)

    def start(self) -> Iterator[Line]:
        rows = self.sizes[-1]
        file, cache = self.file(rows), self.cache("start")
        for title, seed in (("first", 0), ("the same again", 0), ("another seed", 1)):
            _say(f"start: {title}")
            facts = self.run("begin", cache, file=file, seed=seed, since=time.time())
            goal = "" if title == "first" else _goal(facts["seconds"] < SECONDS, f"< {SECONDS} s")
            works = facts["works"]
            works["the rest"] = facts["seconds"] - sum(works.values())
            told = ", ".join(f"{name} {took:.1f}" for name, took in works.items())
            peak = f"{facts['peak_mb']:,.0f}"
            took = f"{facts['seconds']:.1f}"
            yield f"start: {title}", f"{rows:,}", took, "", "", peak, "", goal, told


def _line(title: str, facts: Facts, *, rate: float | None = None) -> Line:
    rows, speed, peak = facts["rows"], facts["rows"] / facts["seconds"], facts["peak_mb"]
    over, goals = "", []
    if rate is not None:
        goals.append(_goal(speed >= rate, f">= {rate:,} rows/s"))
    if "start_mb" in facts:
        over = f"{peak - facts['start_mb']:+,.0f}"
        goals.append(_goal(peak < MEMORY, f"< {MEMORY:,} MB"))
    numbers = f"{rows:,}", f"{facts['seconds']:.1f}", f"{speed:,.0f}", f"{facts['cpu']:.1f}"
    return title, *numbers, f"{peak:,.0f}", over, "; ".join(goals), ""


def _growth(title: str, small: Facts, large: Facts) -> Iterator[Line]:
    grown = large["peak_mb"] - small["peak_mb"]
    each = grown * 2**20 / (large["rows"] - small["rows"])
    yield (f"{title}: growth", "", "", "", "", f"{grown:+,.0f}", "", "", f"{each:.0f} bytes a row")


def _goal(met: bool, text: str) -> str:
    return f"{text} {'met' if met else 'MISSED'}"


def _say(what: str) -> None:
    print(f"... {what}", file=sys.stderr, flush=True)


def table(lines: list[Line]) -> str:
    """Aligned: numbers to the right, words to the left."""
    widths = [max(len(str(line[i])) for line in lines) for i in range(len(HEAD))]
    left = (0, len(HEAD) - 2, len(HEAD) - 1)
    return "\n".join(
        "  ".join(
            str(cell).ljust(width) if i in left else str(cell).rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Rates, memory and start of seqapps on many rows.")
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="of the large size; / 10: small"
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="may be given several times")
    given = parser.parse_args()
    lines: list[Line] = [HEAD]
    with tempfile.TemporaryDirectory(prefix="seqapps-benchmark-") as place:
        bench = Bench(Path(place), given.rows)
        for part in PARTS:
            if given.only is None or part in given.only:
                lines += getattr(bench, part)()
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, rows of {WORDS} words")
    print(table(lines))


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2])
    else:
        main()
