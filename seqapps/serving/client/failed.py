"""The one error of the client, and the kind of it that asking the signatures may mend."""

from __future__ import annotations

from seqapps.errors import RunError


class ServingError(RunError):
    """A request that was not answered.

    `code` is the name of a gRPC status, whichever the protocol: NOT_FOUND, INVALID_ARGUMENT,
    RESOURCE_EXHAUSTED, UNAVAILABLE (also where there is no connection), DEADLINE_EXCEEDED,
    UNAUTHENTICATED, ...; `message` is the server's. `passing` says that the same request may well
    be answered a little later; the client has tried that already.
    """

    def __init__(
        self, code: str, message: str, *, passing: bool = False, wait: float = 0.0
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.passing = passing
        self.wait = wait  # seconds that the server asks for


class SignatureError(ServingError):
    """An answer that is not of the signature that the server told, so perhaps of a newer one."""

    def __init__(self, message: str) -> None:
        super().__init__("FAILED_PRECONDITION", message)
