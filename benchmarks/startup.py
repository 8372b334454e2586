"""How long the command line takes to start, as ratios to `python -c "import click"`.

Run: `.venv/bin/python benchmarks/startup.py`. The commands take turns, so that a busy machine
slows all alike; the median of the ratios is shown.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 15
SEQAPPS = str(Path(sys.executable).with_name("seqapps"))
COMMANDS = {
    "seqapps --help": [SEQAPPS, "--help"],
    "seqapps run --help": [SEQAPPS, "run", "--help"],
    "seqapps list": [SEQAPPS, "list"],
    "seqapps samples": [SEQAPPS, "samples"],
}


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    reference = [sys.executable, "-c", "import click"]
    ratios: dict[str, list[float]] = {name: [] for name in COMMANDS}
    base = []
    for turn in range(ROUNDS + 1):
        click = seconds(reference)
        for name, command in COMMANDS.items():
            ratio = seconds(command) / click
            if turn:  # the first turn warms the file cache
                ratios[name].append(ratio)
        base.append(click)
    print(f"import click: {statistics.median(base) * 1000:.0f} ms")
    for name, found in ratios.items():
        print(f"{name}: {statistics.median(found):.2f} times import click")


if __name__ == "__main__":
    main()
