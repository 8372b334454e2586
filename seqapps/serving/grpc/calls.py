"""What stands around every call: who may ask, refusals as statuses, counting, the access log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import TypeVar

import grpc

from seqapps.serving.access import AccessLog, brings
from seqapps.serving.errors import Refused
from seqapps.serving.limits import Limits
from seqapps.serving.metrics import Metrics
from seqapps.serving.models import Models

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
METADATA = "authorization"  # as a header of REST: Bearer TOKEN


@dataclass(frozen=True, kw_only=True)
class Core:
    """What the services share with REST."""

    models: Models
    limits: Limits
    token: str | None = None
    metrics: Metrics | None = None
    access_log: Callable[[str], object] | None = None

    def call(
        self,
        context: grpc.ServicerContext,
        path: str,
        answer: Callable[[], Answer],
        *,
        model: str | None = None,
    ) -> Answer:
        """What `answer` gives; a refusal ends the call with its status. `model` is counted."""
        start, code = time.perf_counter(), "OK"
        try:
            self._check_token(context)
            return answer()
        except Refused as refused:
            code = refused.code
            context.abort(getattr(grpc.StatusCode, code), refused.message)
        except CancelledError:
            code = "CANCELLED"
            context.abort(grpc.StatusCode.CANCELLED, "The client gave up.")
        except Exception:
            code = "INTERNAL"
            log.exception("%s", path)
            context.abort(grpc.StatusCode.INTERNAL, "The server failed; its log says why.")
        finally:
            self._tell(context, path, code, time.perf_counter() - start, model=model)
        raise AssertionError("abort raises")

    def seconds_left(self, context: grpc.ServicerContext) -> float:
        """Until the answer is given up: the server's limit, or the client's if it is sooner."""
        left = context.time_remaining()
        return self.limits.seconds if left is None else min(self.limits.seconds, left)

    def _check_token(self, context: grpc.ServicerContext) -> None:
        if self.token is None:
            return
        given = dict(context.invocation_metadata()).get(METADATA, "")
        header = given if isinstance(given, bytes) else given.encode()
        if not brings(header, self.token.encode()):
            raise Refused("UNAUTHENTICATED", "This server wants a token; see seqapps serve.")

    def _tell(
        self, context: grpc.ServicerContext, path: str, code: str, seconds: float, *,
        model: str | None,
    ) -> None:  # fmt: skip
        api = path.rpartition("/")[2]
        if self.metrics and model is not None:
            known = model if self.models.knows(model) else ""
            self.metrics.request(known, api, "GRPC", code=code, seconds=seconds)
        if self.access_log:
            client = context.peer().partition(":")[2].rpartition(":")[0]
            AccessLog(self.access_log)(
                {"client": client, "method": "GRPC", "path": path, "status": code,
                 "seconds": seconds}
            )  # fmt: skip
