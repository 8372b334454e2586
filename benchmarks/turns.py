"""Contenders that take turns, each in a process of its own.

The threads of one go on spinning for a while after its step; and what else the machine does slows
all alike. So a ratio is the median over the turns of the medians' ratio.
"""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

TURN = 1.0  # seconds
Maker = Callable[..., Callable[[], Any]]  # arguments -> a function that takes one step


def measured(
    contenders: Mapping[str, tuple[Maker, tuple[Any, ...]]],
    turns: int,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """({contender: [seconds of a step, turn by turn]}, {contender: seconds of the first step}).

    A maker is a function of a module, which the other process imports. With the `clock`
    `time.process_time` a step takes what it computes, whatever else the machine does; only on one
    core, for threads of several compute while they wait for each other.
    """
    context = multiprocessing.get_context("spawn")
    pipes, first = {}, {}
    for name, (maker, arguments) in contenders.items():
        pipes[name], other = context.Pipe()
        context.Process(target=_work, args=(other, maker, arguments, clock), daemon=True).start()
        first[name] = pipes[name].recv()
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(turns):
        for name, pipe in pipes.items():
            pipe.send(True)
            spent[name].append(pipe.recv())
    for pipe in pipes.values():
        pipe.send(False)
    return spent, first


def ratio(spent: Mapping[str, list[float]], name: str, to: str) -> float:
    """How many times as long a step of `name` takes as one of `to`."""
    return statistics.median(a / b for a, b in zip(spent[name], spent[to], strict=True))


def _work(pipe: Any, maker: Maker, arguments: tuple[Any, ...], clock: Callable[[], float]) -> None:
    """Take turns: at each message, steps for a second; answers the median seconds of a step."""
    step = maker(*arguments)
    start = time.perf_counter()
    step()
    pipe.send(time.perf_counter() - start)
    while pipe.recv():
        step()  # wakes threads and caches
        spent: list[float] = []
        end = time.perf_counter() + TURN
        while time.perf_counter() < end or len(spent) < 2:
            start = clock()
            step()
            spent.append(clock() - start)
        pipe.send(statistics.median(spent))
