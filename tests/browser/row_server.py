"""A small stand-in for the server: answers `:predict` by row, and has the playground's pages.

    python tests/browser/row_server.py saved_models 8501

serves the newest version of every model below a folder, to look at the pages while working on them.
"""

import base64
import json
import sys
import threading
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from seqapps import playground


def raw(value):
    """JSON to what a tensor is made of: {"b64": ...} is bytes, at any depth."""
    if isinstance(value, dict):
        return base64.b64decode(value["b64"])
    return [raw(each) for each in value] if isinstance(value, list) else value


class Answers:
    """The models of {name: version folder}, each loaded when it is first asked."""

    def __init__(self, folders):
        self.folders, self._loaded, self._lock = dict(folders), {}, threading.Lock()
        self.asked = []  # (name, body) of all requests

    def __iter__(self):
        return iter(self.folders.items())

    def answer(self, name, body):
        """(status, what is answered) to a request, by row."""
        import tensorflow as tf

        from seqapps.predict import load_export, plain

        self.asked.append((name, body))
        if name not in self.folders:
            return 404, {"error": f"Servable not found for request: Latest({name})"}
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = load_export(self.folders[name])
            function = self._loaded[name].signatures[body.get("signature_name", "serving_default")]
        _, specs = function.structured_input_signature
        rows = body["instances"]
        try:
            inputs = {key: tf.constant(raw([row[key] for row in rows]), spec.dtype)
                      for key, spec in specs.items()}  # fmt: skip
            told = {key: plain(value.numpy()) for key, value in function(**inputs).items()}
        except (KeyError, TypeError, ValueError, tf.errors.OpError) as error:
            return 400, {"error": str(error)}
        rows = [dict(zip(told, row, strict=True)) for row in zip(*told.values(), strict=True)]
        return 200, {"predictions": rows}


def application(answers):
    """`:predict` for the models, and the pages."""

    async def predict(request):
        body = json.loads(await request.body())
        name = request.path_params["name"]
        status, told = await run_in_threadpool(answers.answer, name, body)
        return Response(json.dumps(told), status, media_type="application/json")

    asked = Route("/v1/models/{name}:predict", predict, methods=["POST"])
    return Starlette(routes=[asked, *playground.routes(answers)])


class Canned(Answers):
    """Models that answer whatever `respond(body)` says: (status, what is answered)."""

    def __init__(self, folders, respond):
        super().__init__(folders)
        self._respond = respond

    def answer(self, name, body):
        self.asked.append((name, body))
        return self._respond(body)


class Served:
    """A server in a thread of this process, at a port that was free."""

    def __init__(self, answers, port=0):
        self.answers = answers
        config = uvicorn.Config(
            application(self.answers), host="127.0.0.1", port=port, log_level="warning"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self):
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.02)
            assert self._thread.is_alive(), "the server did not start"
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *error):
        self._server.should_exit = True
        self._thread.join(10)


if __name__ == "__main__":
    from seqapps.models import locate

    place = Path(sys.argv[1])
    newest = {
        folder.name: locate(folder.name, output=place, runs=place)
        for folder in sorted(place.iterdir())
        if folder.is_dir()
    }
    with Served(Answers(newest), int(sys.argv[2])) as served:
        print(served.url, ", ".join(newest), flush=True)
        threading.Event().wait()
