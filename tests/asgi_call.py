"""Ask an ASGI application without a network."""

import asyncio
from dataclasses import dataclass


@dataclass
class Answered:
    status: int
    headers: dict
    text: str


def get(application, path, *, root_path=""):
    """GET a path: what is answered."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
        "root_path": root_path, "headers": [], "server": ("testserver", 80), "client": None,
    }  # fmt: skip
    asyncio.run(application(scope, receive, send))
    start, *bodies = sent
    headers = {key.decode(): value.decode() for key, value in start["headers"]}
    text = b"".join(each.get("body", b"") for each in bodies).decode()
    return Answered(start["status"], headers, text)
