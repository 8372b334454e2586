"""What the development twin adds to a model: latency, requests a second; what batching gains.

Run: `.venv/bin/python benchmarks/serving.py [SAVED_MODELS] [--model sentiment]`. Without a folder
it trains sentiment on `sample:toy` first. Two servers, with and without --enable-batching, take
turns; the clients are one process, each with a connection of its own that asks again as soon as it
is answered. The same request on the loaded model, in the process of a server, is what the latency
is compared with. The medians of the turns are shown; the CPU time that the server takes for a
request tells on a busy machine too how many it could answer.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psutil

SEQAPPS = str(Path(sys.executable).with_name("seqapps"))
CLIENTS = (1, 8, 64)
TOY = ["--data", "sample:toy", "--set", "epochs=4", "--set", "batch_tokens=150",
       "--set", "learning_rate=0.01"]  # fmt: skip


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@contextmanager
def server(folder: Path, *options: str):
    """(port, process) of a `seqapps serve` that runs while the block does."""
    port = free_port()
    command = [
        SEQAPPS,
        "serve",
        str(folder),
        "--port",
        str(port),
        "--engine",
        "twin",
        "--no-grpc",
        *options,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stdout:
                if line.startswith("Ctrl-C"):
                    break
            yield port, psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)


def request_of(folder: Path, name: str) -> tuple[bytes, dict]:
    """A golden request of one row: (its body, its record)."""
    version = max(int(one.name) for one in (folder / name).iterdir() if one.name.isdecimal())
    file = folder / name / str(version) / "assets.extra" / "golden.json"
    record = json.loads(file.read_text("utf-8"))[0]
    middle = len(next(iter(record["inputs"].values()))) // 2
    row = {key: values[middle] for key, values in record["inputs"].items()}
    body = json.dumps({"signature_name": record["signature"], "instances": [row]}).encode()
    return body, {"folder": file.parent.parent, "signature": record["signature"], "row": row}


async def client(port: int, packet: bytes, until: float) -> list[float]:
    """Seconds of each request that one connection made, one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    took = []
    while (started := time.perf_counter()) < until:
        writer.write(packet)
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise SystemExit(f"the server refused: {head!r}")
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        await reader.readexactly(length)
        took.append(time.perf_counter() - started)
    writer.close()
    return took


async def load(port: int, packet: bytes, clients: int, seconds: float) -> tuple[float, list[float]]:
    """(requests a second, seconds of each) of so many clients at once."""
    started = time.perf_counter()
    until = started + seconds
    takes = await asyncio.gather(*(client(port, packet, until) for _ in range(clients)))
    found = sorted(took for one in takes for took in one)
    return len(found) / (time.perf_counter() - started), found


def in_process(asked: dict):
    """A function that gives the seconds of the same request on the loaded model itself."""
    from seqapps import start

    start.tensorflow()
    from seqapps.serving.loaded import Loaded
    from seqapps.serving.rest.reading import tensor_of

    loaded = Loaded(asked["folder"])
    specs = loaded.signatures[asked["signature"]].inputs
    inputs = {key: tensor_of([value], specs[key]) for key, value in asked["row"].items()}

    def takes(seconds: float) -> list[float]:
        took, until = [], time.perf_counter() + seconds
        while (started := time.perf_counter()) < until:
            loaded.run(asked["signature"], inputs)
            took.append(time.perf_counter() - started)
        return sorted(took)

    return takes


def part(found: list[float], share: float) -> float:
    return found[min(len(found) - 1, int(share * len(found)))] * 1000


def measure(folder: Path, name: str, turns: int, seconds: float) -> None:
    body, asked = request_of(folder, name)
    packet = (
        f"POST /v1/models/{name}:predict HTTP/1.1\r\nHost: here\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    found: dict = {}
    alone = []
    asking = in_process(asked)
    with server(folder) as plain, server(folder, "--enable-batching") as batching:
        for turn in range(turns + 1):
            alone.append(part(asking(seconds), 0.5))
            for clients in CLIENTS:
                for kind, (port, process) in (("plain", plain), ("batching", batching)):
                    before = cpu(process)
                    rate, takes = asyncio.run(load(port, packet, clients, seconds))
                    each = (cpu(process) - before) / len(takes) * 1000
                    if turn:  # the first turn warms all
                        one = (rate, part(takes, 0.5), part(takes, 0.99), each)
                        found.setdefault((kind, clients), []).append(one)
    tell(found, statistics.median(alone[1:]))


def cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def tell(found: dict, alone: float) -> None:
    print(f"in process: p50 {alone:.2f} ms")
    print("| clients | batching | requests/s | p50 ms | p99 ms | CPU ms/request | batching gains |")
    print("|---|---|---|---|---|---|---|")
    for clients in CLIENTS:
        pairs = list(zip(found["batching", clients], found["plain", clients], strict=True))
        rate = statistics.median(one[0] / other[0] for one, other in pairs)
        work = statistics.median(other[3] / one[3] for one, other in pairs)
        for kind in ("plain", "batching"):
            told = [statistics.median(column) for column in zip(*found[kind, clients], strict=True)]
            gain = f"{rate:.2f} requests/s, {work:.2f} by CPU" if kind == "batching" else ""
            print("| {} | {} | {:.0f} | {:.2f} | {:.2f} | {:.2f} | {} |".format(
                clients, kind, *told, gain))  # fmt: skip
    over = statistics.median(one[1] for one in found["plain", 1]) - alone
    print(f"p50 over the call in process, one client, without batching: {over:.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--model", default="sentiment")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each take")
    given = parser.parse_args()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if given.folder:
        measure(given.folder, given.model, given.turns, given.seconds)
        return
    with tempfile.TemporaryDirectory() as scratch:
        place = ["--runs", f"{scratch}/runs", "--output", f"{scratch}/models", "--quiet"]
        subprocess.run([SEQAPPS, "run", "sentiment", *TOY, *place], check=True)
        measure(Path(scratch) / "models", "sentiment", given.turns, given.seconds)


if __name__ == "__main__":
    main()
