"""Start TensorFlow when it is first needed, without its chatter on the terminal."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from seqapps.progress import SILENT, Progress

log = logging.getLogger(__name__)


def tensorflow(progress: Progress = SILENT) -> None:
    """Import tensorflow and keras, once; what they print of themselves goes to the debug log."""
    if "tensorflow" in sys.modules and "keras" in sys.modules:
        return
    with progress.track("starting TensorFlow"), stderr_aside():
        import keras  # noqa: F401
        import tensorflow  # noqa: F401
        import tensorflow_text  # noqa: F401

        logging.getLogger("tensorflow").setLevel(logging.ERROR)


def cores() -> int:
    """The CPU cores that this process may use, where the system tells; else all there are."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def stderr_aside() -> Iterator[None]:
    """Send what is written to stderr to the debug log, or back to stderr if the block fails.

    Libraries in C++ write to file descriptor 2, past Python; so that is what is turned aside.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(kept, 2)
            aside.seek(0)
            os.write(2, aside.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        aside.seek(0)
        for line in aside.read().decode(errors="replace").splitlines():
            log.debug("%s", line)
