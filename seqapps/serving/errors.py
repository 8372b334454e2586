"""What a server refuses: a gRPC status code and a message that a stranger may read."""

from __future__ import annotations

import re
from typing import Any

# As TF Serving maps them (http_rest_api_util.cc); gRPC answers with the names themselves.
HTTP_STATUS = {
    "OK": 200,
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
    "UNAUTHENTICATED": 401,
}
NUMBERS = dict(
    enumerate(
        ("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
         "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
         "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
         "UNAUTHENTICATED")
    )
)  # fmt: skip
LONGEST = 500  # characters of a message that was not written here
_ABOUT_PYTHON = ("Graph execution error:", "Detected at node", "<stack traces", "  ")
_NODE = re.compile(r"\s*\[\[.*", re.DOTALL)  # TensorFlow names the node of the graph
_PATH = re.compile(r"(?<![\w:/])(?:[A-Za-z]:)?(?:[\\/][\w.@+-]+){2,}[\\/]?")


class Refused(Exception):  # noqa: N818  # not a mistake of the program
    """A request that is not answered; `code` is a key of HTTP_STATUS."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def http_status(self) -> int:
        """The status of the REST interface."""
        return HTTP_STATUS[self.code]


def invalid(message: str) -> Refused:
    """A request that is wrong whatever the state of the server."""
    return Refused("INVALID_ARGUMENT", message)


def refusal_of(error: BaseException) -> Refused:
    """What is told of an error of TensorFlow: its code, its first line, no path."""
    if isinstance(error, Refused):
        return error
    code: Any = getattr(error, "error_code", None)  # tf.errors.OpError
    name = NUMBERS.get(code, "INTERNAL") if isinstance(code, int) else "INTERNAL"
    message = getattr(error, "message", None) or str(error)
    return Refused(name, without_paths(message) or type(error).__name__)


def without_paths(message: str) -> str:
    """The first line of a message without the places of files and the nodes of a graph.

    >>> without_paths("NOT_FOUND: /srv/models/a/1/variables; No such file")
    'NOT_FOUND: (a file); No such file'
    """
    lines = (line for line in _NODE.sub("", message).splitlines() if line.strip())
    telling = (line for line in lines if not line.startswith(_ABOUT_PYTHON))
    return _PATH.sub("(a file)", next(telling, "").strip())[:LONGEST]
