"""Ctrl-C on the command line: the first press lets the round of training end."""

from __future__ import annotations

import _thread
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from seqapps.interruption import Interruption
from seqapps.progress import SILENT, Progress

MESSAGE = "Stopping after this round; press again to stop at once."


class AfterRound(Interruption):
    """The first press is noted and answered; the second is Python's own KeyboardInterrupt."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._asked = False

    @contextmanager
    def deferred(self) -> Iterator[None]:
        # A process that is started to ignore Ctrl-C (nohup), or whose caller deals with it, keeps
        # its own way.
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return
        signal.signal(signal.SIGINT, self._first)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self.check()

    def check(self) -> None:
        if self._asked:
            raise KeyboardInterrupt

    def _first(self, number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._asked = True
        # A handler runs between any two instructions, perhaps within a write to this very stream,
        # which may not be entered again: another thread waits for it to end.
        _thread.start_new_thread(self._answer, ())

    def _answer(self) -> None:
        if self._progress is SILENT:  # --quiet leaves out progress, not answers
            click.echo(MESSAGE, err=True)
        else:
            self._progress.say(MESSAGE)
