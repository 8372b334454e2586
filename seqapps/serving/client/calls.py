"""gRPC, by TF Serving's own stubs; their messages are TensorFlow's, so that is imported."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import numpy as np

from seqapps.serving.client.failed import ServingError
from seqapps.serving.client.transport import Arrays, Asked, Types
from seqapps.serving.client.values import text_of

TOO_LARGE = "larger than max"  # of gRPC's own message; the same request will not be taken later


class Calls:
    """A server at a `grpc://` or, with TLS, `grpcs://` address."""

    def __init__(self, url: str, *, token: str | None) -> None:
        import grpc

        from seqapps import start

        with start.stderr_aside():  # what TensorFlow tells of itself is no answer
            import tensorflow  # noqa: F401
            from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

        parts = urlsplit(url)
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        place = parts.netloc
        if parts.scheme == "grpcs":
            credentials = grpc.ssl_channel_credentials()
            self._channel = grpc.secure_channel(place, credentials, options)
        else:
            self._channel = grpc.insecure_channel(place, options)
        self._metadata = [("authorization", f"Bearer {token}")] if token else []
        self._prediction = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)

    def signatures(self, asked: Asked, *, seconds: float) -> dict[str, Types]:
        from tensorflow_serving.apis import get_model_metadata_pb2

        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        _put_spec(asked, request.model_spec)
        response = self._ask(self._prediction.GetModelMetadata, request, seconds=seconds)
        told = get_model_metadata_pb2.SignatureDefMap()
        response.metadata["signature_def"].Unpack(told)
        return {
            name: Types(_types(each.inputs), _types(each.outputs))
            for name, each in told.signature_def.items()
        }

    def predict(
        self, asked: Asked, signature: str, inputs: Arrays, types: Types, *, seconds: float
    ) -> dict[str, np.ndarray]:
        import tensorflow as tf
        from tensorflow_serving.apis import predict_pb2

        request = predict_pb2.PredictRequest()
        _put_spec(asked, request.model_spec)
        request.model_spec.signature_name = signature
        for name, array in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(_encoded(array)))
        response = self._ask(self._prediction.Predict, request, seconds=seconds)
        return {
            name: text_of(name, tf.make_ndarray(tensor))
            for name, tensor in sorted(response.outputs.items())
        }

    def status(self, asked: Asked, *, seconds: float) -> list[dict[str, Any]]:
        import grpc
        from tensorflow_serving.apis import get_model_status_pb2

        request = get_model_status_pb2.GetModelStatusRequest()
        _put_spec(asked, request.model_spec)
        response = self._ask(self._models.GetModelStatus, request, seconds=seconds)
        codes = {code.value[0]: code.name for code in grpc.StatusCode}
        return [
            {"version": each.version, "state": each.State.Name(each.state),
             "code": codes[each.status.error_code], "message": each.status.error_message}
            for each in response.model_version_status
        ]  # fmt: skip

    def close(self) -> None:
        self._channel.close()

    def _ask(self, method: Any, request: Any, *, seconds: float) -> Any:
        import grpc

        try:
            return method(request, timeout=seconds, metadata=self._metadata)
        except grpc.RpcError as error:
            code, message = error.code().name, error.details() or ""
            passing = code == "UNAVAILABLE" or (
                code == "RESOURCE_EXHAUSTED" and TOO_LARGE not in message
            )
            raise ServingError(code, message, passing=passing) from None


def _put_spec(asked: Asked, spec: Any) -> None:
    spec.name = asked.model
    if asked.version is not None:
        spec.version.value = asked.version
    if asked.label is not None:
        spec.version_label = asked.label


def _types(told: Any) -> dict[str, str]:
    from tensorflow.core.framework import types_pb2

    return {name: types_pb2.DataType.Name(each.dtype) for name, each in sorted(told.items())}


def _encoded(array: np.ndarray) -> np.ndarray:
    """Text as UTF-8."""
    if array.dtype != object:
        return array
    found = np.empty(array.shape, object)
    for place, value in np.ndenumerate(array):
        found[place] = value.encode() if isinstance(value, str) else value
    return found
