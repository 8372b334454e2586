"""The search: so many trainers at a time, each given the next trial when it is free."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Lock
from typing import Any

from seqapps.errors import RunError, UserError
from seqapps.progress import SILENT, Progress
from seqapps.tuning.study import Study
from seqapps.tuning.trial import (
    DONE,
    FAILED,
    GO_ON,
    PRUNE,
    STOP,
    STOPPED,
    Outcome,
    Trainer,
    Trial,
)

ALL_FAILED = 5  # trials; where these are the first ones and all fail, something else is wrong
LISTEN = 0.1  # seconds between two looks at whether Ctrl-C was pressed
ALIKE = 30  # trials in a row that were made before: the space is used up


class Presses:
    """How often Ctrl-C was pressed."""

    count = 0


@contextmanager
def _presses() -> Iterator[Presses]:
    """Counts Ctrl-C in the block, in place of an error that could come between any two lines."""
    presses = Presses()
    if threading.current_thread() is not threading.main_thread():  # Python tells no other one
        yield presses
        return

    def press(*_: Any) -> None:
        presses.count += 1

    before = signal.signal(signal.SIGINT, press)
    try:
        yield presses
    finally:
        signal.signal(signal.SIGINT, before)


class Search:
    """One process's work on a study."""

    def __init__(
        self,
        study: Study,
        *,
        make: Callable[[], Trainer],
        run_name: Callable[[int], str],
        jobs: int = 1,
        trials: int | None = None,
        minutes: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        progress: Progress = SILENT,
    ) -> None:
        """`trials` are those of the study, earlier processes' included; `minutes` from now on."""
        self._study, self._progress = study, progress
        self._trainers = [make() for _ in range(jobs)]
        self._run_name, self._most, self._clock = run_name, trials, clock
        self._end = None if minutes is None else clock() + 60 * minutes
        self._stopping = False
        self._alike = 0
        self._lock = Lock()  # of the study, and of all that is counted here
        self._bar: Any = None

    def run(self) -> None:
        """Until trials or minutes are used up. Raises RunError where every first trial fails.

        KeyboardInterrupt is let through when the trials that run have ended their round; a second
        one ends them at once. Either way they are gone on with the next time.
        """
        with (
            self._progress.track("searching", self._left()) as self._bar,
            _presses() as presses,
            ThreadPoolExecutor(len(self._trainers)) as pool,
        ):
            works = [pool.submit(self._work, trainer) for trainer in self._trainers]
            try:
                self._wait(works, presses)
            finally:
                self._stopping = True
                for trainer in self._trainers:
                    trainer.close()

    def _wait(self, works: list[Future[None]], presses: Presses) -> None:
        heard, waiting = 0, set(works)
        while waiting:
            done, waiting = wait(waiting, timeout=LISTEN, return_when=FIRST_COMPLETED)
            if any(work.exception() for work in done):
                self._stopping = True
            if presses.count > heard:
                self._stopping = True
                if presses.count > 1:
                    for trainer in self._trainers:
                        trainer.kill()
                elif waiting:
                    self._progress.say("Stopping after this round; press again to stop at once.")
                heard += 1
        for work in works:
            work.result()
        if presses.count:
            raise KeyboardInterrupt

    def _work(self, trainer: Trainer) -> None:
        """What one trainer does."""
        while True:
            with self._lock:
                asked = self._ask()
            if asked is None:
                return
            number, settings, new = asked
            if settings is None:
                continue
            outcome = trainer.train(
                self._run_name(number), settings, fresh=new, after_round=self._seen(number)
            )
            with self._lock:
                self._study.tell(number, outcome)
                self._say(number)
                self._check_sense()

    def _ask(self) -> tuple[int, Any, bool] | None:
        """The next trial, (number, None, True) where it has its end already, None at the end."""
        if self._over() or self._left() == 0:
            return None
        before = self._study.trials()
        number, values, new = self._study.ask()
        self._study.note(number, run=self._run_name(number))
        same = [each for each in before if each.state == DONE and dict(each.values) == values]
        if new and same:
            self._alike += 1
            self._study.note(number, like=same[0].number, run=same[0].run)
            self._study.tell(number, Outcome(state=DONE, value=same[0].value))
            self._say(number)
            return number, None, True
        self._alike = 0
        try:
            return number, self._study.space.settings(values), new
        except UserError as error:
            self._study.tell(number, Outcome(state=FAILED, reason=str(error)))
            self._say(number)
            self._check_sense()
            return number, None, True

    def _left(self) -> int | None:
        """Trials that are to be begun or gone on with; None without an end."""
        if self._most is None:
            return None
        return self._study.to_do(self._most)

    def _over(self) -> bool:
        late = self._end is not None and self._clock() >= self._end
        return self._stopping or late or self._alike >= ALIKE

    def _seen(self, number: int) -> Callable[[int | None, float], str]:
        def after_round(epoch: int | None, value: float) -> str:
            with self._lock:
                if epoch is not None and self._study.report(number, epoch, value):
                    return PRUNE
                return STOP if self._over() else GO_ON

        return after_round

    def _say(self, number: int) -> None:
        trial, best = self._study.trials()[number], self._study.best()
        if trial.state != STOPPED:
            self._bar(1, **({"best": best.value} if best and best.value is not None else {}))
        self._progress.say(told(trial, best=best))

    def _check_sense(self) -> None:
        """Raise RunError where nothing works, so that no night is spent on it."""
        trials = self._study.trials()
        failed = [each for each in trials if each.state == FAILED]
        if len(failed) == len(trials) >= ALL_FAILED:
            self._stopping = True
            raise RunError(
                f"The first {len(failed)} trials have all failed; the last one: {failed[-1].reason}"
            )


def told(trial: Trial, *, best: Trial | None) -> str:
    """A trial in one line."""
    values = ", ".join(f"{name} {value}" for name, value in trial.values.items())
    if trial.state == FAILED:
        return f"trial {trial.number}: failed: {trial.reason} ({values})"
    if trial.like is not None:
        return f"trial {trial.number}: the same settings as trial {trial.like}"
    value = "" if trial.value is None else f" {trial.value:.4g}"
    mark = ", best so far" if best and best.number == trial.number else ""
    return (
        f"trial {trial.number}: {trial.state}{value} after {len(trial.epochs)} epochs{mark} "
        f"({values})"
    )
