"""Whether the hosts that TFDS downloads from answer at all, found out within seconds."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CONNECT, ANSWER, TOGETHER = 3.0, 1.5, 5.0  # seconds until a host counts as out of reach


class OutOfReachError(Exception):
    """A host that does not answer: its name, and why."""


@contextlib.contextmanager
def reachable_only() -> Iterator[None]:
    """Every host is tried once, shortly, before TFDS downloads from it.

    TFDS tries ten times with growing pauses, which without a network takes 205 s. What answers at
    all is left to it, however slow. The probe sits in its downloader because nothing public says
    beforehand which addresses will be needed: files that are there already need none.
    """
    from tensorflow_datasets.core.download import downloader

    original: Callable[..., Any] = downloader._Downloader.download
    answered: set[str] = set()

    def download(self: Any, url: str, destination_path: Any, *more: Any, **named: Any) -> Any:
        parts = urlsplit(url)
        if parts.netloc and parts.netloc not in answered:
            try:
                _check_reachable(url)
            except OutOfReachError:
                with contextlib.suppress(OSError):
                    Path(destination_path).rmdir()  # made for this download; empty
                raise
            answered.add(parts.netloc)
        return original(self, url, destination_path, *more, **named)

    downloader._Downloader.download = download
    try:
        yield
    finally:
        downloader._Downloader.download = original


def _check_reachable(url: str) -> None:
    """Raise OutOfReachError where nothing answers at this address within seconds."""
    problems: list[str] = []

    def probe() -> None:
        problem = _no_answer(url)
        if problem:
            problems.append(problem)

    # A thread, because looking up a name has no time limit of its own.
    thread = threading.Thread(target=probe, daemon=True)
    thread.start()
    thread.join(TOGETHER)
    if thread.is_alive():
        problems.append(f"no answer within {TOGETHER:.0f} s")
    if problems:
        raise OutOfReachError(urlsplit(url).hostname or url, problems[0])


def _no_answer(url: str) -> str | None:
    """Why a host cannot be reached, or None. Proxies of the environment are used as TFDS does."""
    import requests  # type: ignore[import-untyped,unused-ignore]

    if not url.startswith("http"):
        host, port = urlsplit(url).hostname or "", 21
        if not url.startswith("ftp"):
            host, port = "storage.googleapis.com", 443  # gs://
        try:
            socket.create_connection((host, port), timeout=CONNECT).close()
        except OSError as error:
            return error.strerror or str(error)
        return None
    try:
        with requests.get(url, stream=True, allow_redirects=False, timeout=(CONNECT, ANSWER)):
            return None
    except requests.exceptions.ReadTimeout:
        return None  # it is there, and slow
    except requests.exceptions.RequestException as error:
        return why(error)


def why(error: BaseException) -> str:
    """The first line of what an exception says, without the libraries' wrappings."""
    reason = error.args[0] if error.args else None
    text = str(getattr(reason, "reason", None) or getattr(error, "message", None) or error)
    text = re.sub(r"^(HTTPS?|New)?Connection\(.*?\): ", "", text.strip())
    text = re.sub(r"^\{\{.*?\}\} ", "", text)  # the operation that failed inside TensorFlow
    lines = text.splitlines() or [""]
    line = lines[0].partition(" [Op:")[0].strip().rstrip(".")
    line = line if len(line) <= 300 else f"{line[:300]}..."
    return line or type(error).__name__
