"""`seqapps.serving.Client`: asks a model, by REST or gRPC, and asks again where that may help."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from seqapps.errors import UserError
from seqapps.serving.client import values
from seqapps.serving.client.failed import ServingError, SignatureError
from seqapps.serving.client.rest import Rest
from seqapps.serving.client.transport import Asked, Transport, Types

DEFAULT = "serving_default"
OWN = "__"  # begins what TensorFlow has among the signatures for itself
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0  # seconds before the second try, and at most before any
Answer = TypeVar("Answer")


class Client:
    """A server of models at `url`: `http://host:8501` (REST) or `grpc://host:8500`.

    `https://` and `grpcs://` are the same over TLS. `timeout` is in seconds and for a whole call,
    its repetitions and waits included. A request that the server has no room for (429, 503), or
    that finds no connection, is repeated up to `retries` times, after waits that double and are
    drawn by chance, so that many clients do not come back at once. Safe to use from many threads.

    Every method raises ServingError where a call is not answered.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        timeout: float = 30.0,
        retries: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = _transport(url, token)
        self._timeout, self._retries, self._sleep = timeout, retries, sleep
        self._known: dict[Asked, dict[str, Types]] = {}

    def predict(
        self,
        model: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        rows: Sequence[Any] | None = None,
        signature: str | None = None,
        version: int | None = None,
        label: str | None = None,
    ) -> Any:
        """What a model answers.

        `inputs`, name -> array [batch, ...], give the outputs as name -> array [batch, ...].
        `rows`, a dict each or plain values where there is one input, give a dict a row. Lists
        become arrays of the signature's types; text may be str or bytes. Text that is answered is
        str, in arrays of objects; an output that is called `..._bytes` is bytes.
        """
        if (inputs is None) == (rows is None):
            raise values.wrong("Give either inputs or rows.")
        if inputs is not None and not isinstance(inputs, Mapping):
            raise values.wrong(
                f"inputs: received a {type(inputs).__name__}; expected name -> array [batch, ...]. "
                "Rows are given by name: predict(model, rows=[...])."
            )
        asked = Asked(model=model, version=version, label=label)
        name = signature or DEFAULT
        end = time.monotonic() + self._timeout
        types = self._types(asked, name, end)
        try:
            return self._predict(asked, name, types, inputs, rows, end)
        except ServingError as error:
            changed = self._changed(asked, name, types, end) if _may_be_outdated(error) else None
            if changed is None:
                raise
        return self._predict(asked, name, changed, inputs, rows, end)

    def signatures(
        self, model: str, *, version: int | None = None, label: str | None = None
    ) -> dict[str, Types]:
        """Name -> types of inputs and outputs; asked once and then remembered."""
        asked = Asked(model=model, version=version, label=label)
        return self._signatures(asked, time.monotonic() + self._timeout)

    def status(self, model: str) -> list[dict[str, Any]]:
        """[{"version", "state", "code", "message"}] of a model's versions."""
        asked = Asked(model=model)
        return self._again(
            lambda seconds: self._transport.status(asked, seconds=seconds),
            time.monotonic() + self._timeout,
        )

    def close(self) -> None:
        """Let the connections go."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _predict(
        self,
        asked: Asked,
        signature: str,
        types: Types,
        inputs: Mapping[str, Any] | None,
        rows: Sequence[Any] | None,
        end: float,
    ) -> Any:
        given = values.columns_of(rows, types) if inputs is None and rows is not None else inputs
        arrays = values.arrays_of(given or {}, types)
        outputs = self._again(
            lambda seconds: self._transport.predict(
                asked, signature, arrays, types, seconds=seconds
            ),
            end,
        )
        return outputs if rows is None else values.rows_of(outputs)

    def _changed(self, asked: Asked, name: str, types: Types, end: float) -> Types | None:
        """The types of a signature that are not as remembered any more; None: they are."""
        self._known.pop(asked, None)
        now = self._types(asked, name, end)
        return None if now == types else now

    def _types(self, asked: Asked, name: str, end: float) -> Types:
        for _ in range(2):
            known = self._signatures(asked, end)
            if name in known:
                return known[name]
            self._known.pop(asked, None)  # a newer version may have it
        raise values.wrong(
            f"{asked.model} has no signature {name!r}; it has {', '.join(sorted(known))}."
        )

    def _signatures(self, asked: Asked, end: float) -> dict[str, Types]:
        known = self._known.get(asked)
        if known is None:
            told = self._again(
                lambda seconds: self._transport.signatures(asked, seconds=seconds), end
            )
            known = {name: types for name, types in told.items() if not name.startswith(OWN)}
            self._known[asked] = known
        return known

    def _again(self, ask: Callable[[float], Answer], end: float) -> Answer:
        """The answer, asked for until it is there, time or tries are used up, or it is no use."""
        tried = 0
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise ServingError("DEADLINE_EXCEEDED", f"No answer in {self._timeout:g} seconds.")
            try:
                return ask(left)
            except ServingError as error:
                wait = _wait(tried, error)
                late = time.monotonic() + wait >= end
                if not error.passing or tried >= self._retries or late:
                    raise
            tried += 1
            self._sleep(wait)


def _may_be_outdated(error: ServingError) -> bool:
    """Whether a newer version may have other signatures than those that are remembered."""
    return isinstance(error, SignatureError) or error.code == "INVALID_ARGUMENT"


def _wait(tried: int, error: ServingError) -> float:
    """Seconds before the next try: "full jitter", but not less than the server asks for."""
    drawn = random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2**tried))
    return max(drawn, error.wait)


def _transport(url: str, token: str | None) -> Transport:
    scheme = _scheme(url)
    if scheme in ("http", "https"):
        return Rest(url, token=token)
    if scheme in ("grpc", "grpcs"):
        from seqapps.serving.client.calls import Calls

        return Calls(url, token=token)
    raise UserError(
        f"{url}: no address of a server; expected http://host:8501 or grpc://host:8500 (https://, "
        "grpcs:// with TLS)."
    )


def _scheme(url: str) -> str:
    """`http` of `http://host:8501`; nothing where no host or no port can be read."""
    try:
        parts = urlsplit(url)
        return parts.scheme if parts.hostname and parts.port != 0 else ""
    except ValueError:  # a port that is no number, or brackets that do not close
        return ""
