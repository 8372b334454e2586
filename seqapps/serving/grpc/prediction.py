"""PredictionService: Predict and GetModelMetadata, on the versions and limits of REST."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from seqapps.serving import examples
from seqapps.serving.errors import Refused, invalid
from seqapps.serving.grpc import tensors
from seqapps.serving.grpc.calls import Core
from seqapps.serving.models import Models
from seqapps.serving.running import Answer
from seqapps.serving.texts import check_texts
from seqapps.serving.versions import Version

SERVICE = "/tensorflow.serving.PredictionService"
DEFAULT = "serving_default"
SIGNATURES = "signature_def"  # the one metadata field that there is


class Prediction(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers what TF Serving's stubs ask, but for MultiInference."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def Predict(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Named tensors in, named tensors out."""
        return self._core.call(
            context, f"{SERVICE}/Predict", lambda: self._predict(request, context),
            model=request.model_spec.name,
        )  # fmt: skip

    def Classify(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Examples in, labels with scores out."""
        return self._core.call(
            context, f"{SERVICE}/Classify", lambda: self._classify(request, context),
            model=request.model_spec.name,
        )  # fmt: skip

    def Regress(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Examples in, a number for each out."""
        return self._core.call(
            context, f"{SERVICE}/Regress", lambda: self._regress(request, context),
            model=request.model_spec.name,
        )  # fmt: skip

    def GetModelMetadata(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """The signatures of a version."""
        return self._core.call(
            context, f"{SERVICE}/GetModelMetadata", lambda: self._metadata(request)
        )

    def _predict(self, request: Any, context: grpc.ServicerContext) -> Any:
        name = request.model_spec.signature_name or DEFAULT
        with lease(self._core.models, request) as version:
            signature = version.signature(name)
            inputs = tensors.arrays_of(request.inputs, limits=self._core.limits)
            check_texts(inputs, version.texts(name), self._core.limits)
            names = tensors.wanted(signature, list(request.output_filter))
            outputs = self._run(version, name, inputs, context)
            response = predict_pb2.PredictResponse()
            tell_spec(response.model_spec, version, name)
        tensors.write(outputs, names, response.outputs)
        return response

    def _classify(self, request: Any, context: grpc.ServicerContext) -> Any:
        name = request.model_spec.signature_name or DEFAULT
        response = classification_pb2.ClassificationResponse()
        with lease(self._core.models, request) as version:
            examples.classifier(version.loaded, name)
            given = self._examples(request, version)
            outputs = self._run(version, name, examples.tensor(given), context)
            tell_spec(response.model_spec, version, name)
        for row in examples.classes_of(outputs, len(given)).rows():
            classes = response.result.classifications.add().classes
            for label, score in row:
                classes.add(label=label.decode("utf-8", errors="replace"), score=float(score))
        return response

    def _regress(self, request: Any, context: grpc.ServicerContext) -> Any:
        name = request.model_spec.signature_name or DEFAULT
        response = regression_pb2.RegressionResponse()
        with lease(self._core.models, request) as version:
            examples.regressor(version.loaded, name)
            given = self._examples(request, version)
            outputs = self._run(version, name, examples.tensor(given), context)
            tell_spec(response.model_spec, version, name)
        for value in examples.values_of(outputs, len(given)):
            response.result.regressions.add(value=float(value))
        return response

    def _examples(self, request: Any, version: Version) -> list[bytes]:
        return tensors.examples_of(
            request.input, limits=self._core.limits, texts=version.texts(DEFAULT)
        )

    def _run(
        self, version: Version, name: str, inputs: Any, context: grpc.ServicerContext
    ) -> Answer:
        future = version.submit(name, inputs)
        seconds = self._core.seconds_left(context)
        context.add_callback(future.cancel)  # what waits for nobody is not computed
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise Refused("DEADLINE_EXCEEDED", f"No answer within {seconds:g} seconds.") from None

    def _metadata(self, request: Any) -> Any:
        if not request.metadata_field:
            raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != SIGNATURES:
                raise invalid(f"Metadata field {field} is not supported")
        told = get_model_metadata_pb2.SignatureDefMap()
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        with lease(self._core.models, request) as version:
            for name, definition in version.loaded.definitions.items():
                told.signature_def[name].CopyFrom(definition)
            tell_spec(response.model_spec, version, "")
        response.metadata[SIGNATURES].Pack(told)
        return response


def lease(models: Models, request: Any) -> AbstractContextManager[Version]:
    """The version that a request's `model_spec` means. Raises Refused."""
    name, version, label = meant(request)
    return models.lease(name, version=version, label=label)


def meant(request: Any) -> tuple[str, int | None, str | None]:
    """(model, version, label) of a request; a version and a label exclude each other there."""
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    spec = request.model_spec
    choice = spec.WhichOneof("version_choice")
    version = spec.version.value if choice == "version" else None
    return spec.name, version, spec.version_label if choice == "version_label" else None


def tell_spec(spec: Any, version: Version, signature: str) -> None:
    """Which version answered, by which signature."""
    spec.name = version.name
    spec.version.value = version.number
    spec.signature_name = signature
