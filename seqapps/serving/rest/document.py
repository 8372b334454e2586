"""A request's body as JSON, and JSON in messages, as TF Serving reads and writes them."""

from __future__ import annotations

import json
from typing import Any

import orjson

from seqapps.serving.errors import Refused, invalid

SHOWN = 200  # characters of a value in a message


def parse(body: bytes) -> dict[str, Any]:
    """The object of a request. Raises Refused where the body is no JSON object."""
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    value = _loads(body)
    if not isinstance(value, dict):
        raise wrong(value, "Is not object")
    return value


def shown(value: Any) -> str:
    """A JSON value in a message: TF Serving's four spaces, but long ones are cut."""
    try:
        text = json.dumps(value, indent=4, ensure_ascii=False)
    except RecursionError:
        text = "(deeply nested)"
    text = text.encode("utf-8", errors="replace").decode()  # lone surrogates
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def wrong(value: Any, reason: str) -> Refused:
    """A value of the request that has the wrong form."""
    return invalid(f"JSON Value: {shown(value)} {reason}")


def kind_of(value: Any) -> str:
    """The type of a JSON value as TF Serving names it."""
    match value:
        case None:
            return "Null"
        case bool():
            return str(value)
        case dict():
            return "Object"
        case list():
            return "Array"
        case str():
            return "String"
    return "Number"


def is_base64(value: Any) -> bool:
    """Whether it is {"b64": "..."}, which stands for bytes."""
    return type(value) is dict and len(value) == 1 and isinstance(value.get("b64"), str)


def _loads(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:  # TF Serving takes NaN and Infinity, which orjson does not
        return json.loads(body)
    except json.JSONDecodeError as error:
        raise invalid(f"JSON Parse error: {error.msg} at offset: {error.pos}") from None
    except UnicodeDecodeError as error:
        raise invalid(f"JSON Parse error: Not UTF-8 at offset: {error.start}") from None
    except (RecursionError, ValueError):
        raise invalid("JSON Parse error: Nested too deeply, or a number too long.") from None
