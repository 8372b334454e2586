"""Who finds the better settings: TPE, random search or a longer random search?

Nothing is trained. A trial's value is reckoned by a formula of its settings: a bowl whose ground
is known, narrow in the learning rate, wide in dropout, with a step for the encoder, while the other
settings do nothing, as it often is. Told is the median over seeds of how far the best trial is
from the ground.

    .venv/bin/python benchmarks/tuning.py
"""

import math
import statistics
import tempfile
from pathlib import Path

from seqapps import registry
from seqapps.task import Metric
from seqapps.tuning.space import space_of
from seqapps.tuning.study import Study
from seqapps.tuning.trial import DONE, Outcome

SEEDS = 20
TRIALS = (10, 20, 40, 80)


def value(settings):
    """0 at learning_rate = 0.006, dropout = 0.35, encoder = gru."""
    away = (2 * math.log10(settings.learning_rate / 0.006)) ** 2
    away += (settings.dropout - 0.35) ** 2
    return away + 0.1 * (settings.encoder != "gru")


def search(space, sampler, trials, seed):
    """The best value so far after each trial."""
    metric = Metric(
        statistics=lambda cases, responses: None, reduce=lambda sums: 0.0, example=None,
        higher_is_better=False,
    )  # fmt: skip
    found = []
    with tempfile.TemporaryDirectory() as folder:
        study = Study(
            Path(folder) / "trials.jsonl", space, metric=metric, seed=seed, trials=trials,
            epochs=1, sampler=sampler, pruner="none",
        )  # fmt: skip
        for _ in range(trials):
            number, values, _ = study.ask()
            found.append(value(space.settings(values)))
            study.tell(number, Outcome(state=DONE, value=found[-1]))
    return [min(found[: place + 1]) for place in range(trials)]


def main():
    space = space_of(registry.load("sentiment").settings)
    print(f"{len(space.dimensions)} settings, {SEEDS} seeds, start {value(space.base):.3f}")
    for sampler in ("tpe", "random"):
        runs = [search(space, sampler, max(TRIALS), seed) for seed in range(SEEDS)]
        told = [
            f"{count} trials {statistics.median(run[count - 1] for run in runs):.4f}"
            for count in TRIALS
        ]
        print(f"{sampler}: {', '.join(told)}")


if __name__ == "__main__":
    main()
