"""What a server tells of its models: status and metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seqapps.serving.versions import Status, Version


def status(versions: Sequence[Status]) -> dict[str, Any]:
    """The body of `GET /v1/models/NAME`."""
    return {
        "model_version_status": [
            {
                "version": str(version.version),
                "state": version.state,
                "status": {"error_code": version.code, "error_message": version.message},
            }
            for version in versions
        ]
    }


def metadata(version: Version) -> dict[str, Any]:
    """The body of `GET /v1/models/NAME/metadata`."""
    from google.protobuf.json_format import MessageToDict

    told = {
        name: MessageToDict(
            definition,
            preserving_proto_field_name=True,
            always_print_fields_with_no_presence=True,
        )
        for name, definition in version.loaded.definitions.items()
    }
    return {
        "model_spec": {
            "name": version.name,
            "signature_name": "",
            "version": str(version.number),
        },
        "metadata": {"signature_def": {"signature_def": told}},
    }
