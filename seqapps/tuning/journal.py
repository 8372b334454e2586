"""The trials of a search as lines of JSON, as Optuna's own journal has them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend


class Lines(BaseJournalBackend):
    """A journal for one process: the search's folder is locked, so no file is locked here.

    A kill leaves all lines but perhaps the one that was being written, which is cut off when the
    file is opened again. Optuna's own backend waits for locks that a kill leaves behind, and for
    the disk at every fact.
    """

    def __init__(self, file: Path) -> None:
        content = file.read_bytes() if file.exists() else b""
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(file, whole)
        self._lines = [json.loads(line) for line in content[:whole].splitlines()]
        self._file = file

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        return self._lines[log_number_from:]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        text = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(text)
        self._lines += json.loads(f"[{','.join(text.splitlines())}]")
