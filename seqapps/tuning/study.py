"""The study of a search: its trials in a file, who proposes the next and who is pruned."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from seqapps.task import Metric
from seqapps.tuning.space import Space
from seqapps.tuning.trial import DONE, FAILED, PRUNED, RUNNING, STOPPED, Outcome, Trial

SAMPLERS = ("tpe", "random")
PRUNERS = ("median", "hyperband", "none")
RANDOM_TRIALS = 10  # before TPE begins, or a third of the trials where that is less
BEFORE_PRUNING = 4  # whole trials that a median is taken of
# No trial ends before this share of its epochs, and not before the second one: on sample:co2, 40
# epochs, small learning rates were behind after 2 and among the best at the end.
UNPRUNED = 0.25


class Study:
    """Trials of one search, in a journal: each fact is kept as soon as it is told.

    One process at a time opens it. Values that are told are the metric's own; Optuna is given
    what is less the better.
    """

    def __init__(
        self,
        file: Path,
        space: Space,
        *,
        metric: Metric,
        seed: int,
        trials: int | None,
        epochs: int,
        sampler: str = "tpe",
        pruner: str = "median",
    ) -> None:
        import optuna
        from optuna.storages import JournalStorage

        from seqapps.tuning.journal import Lines

        self.space, self._metric, self._sampler = space, metric, sampler
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        file.parent.mkdir(parents=True, exist_ok=True)
        self._study = optuna.create_study(
            storage=JournalStorage(Lines(file)),
            study_name="tune",
            direction="minimize",
            load_if_exists=True,
            pruner=_pruner(pruner, epochs=epochs),
        )
        known = self._study.get_trials(deepcopy=False)
        self._random = RANDOM_TRIALS if trials is None else min(RANDOM_TRIALS, 1 + trials // 3)
        # A number drawn twice would be a trial made twice, so a search that goes on draws others.
        self._study.sampler = _sampler(sampler, seed + len(known), random_trials=self._random)
        if not known:
            self._study.enqueue_trial(space.default)
        self._left = [trial for trial in known if trial.state.name == "RUNNING"]
        self._open: dict[int, Any] = {}

    def ask(self) -> tuple[int, dict[str, Any], bool]:
        """(number, values of the next trial, whether it is new). It is noted as running."""
        trial, new = self._going_on() or self._study.ask(self.space.distributions), False
        if "values" not in trial.user_attrs:
            new = True
            trial.set_user_attr("how", self._how(trial.number))
            trial.set_user_attr("values", self.space.values(trial.params))
        self._open[trial.number] = trial
        return trial.number, trial.user_attrs["values"], new

    def _going_on(self) -> Any:
        """A trial that an earlier process left open, None where there is none."""
        import optuna

        while self._left:
            trial = optuna.trial.Trial(self._study, self._left.pop(0)._trial_id)
            if "values" in trial.user_attrs:
                return trial
            self._open[trial.number] = trial  # killed before it knew what to try
            self.tell(trial.number, Outcome(state=FAILED, reason="killed before it began"))
        return None

    def note(self, number: int, **facts: Any) -> None:
        """Keep facts of an open trial: its run, seconds."""
        for key, value in facts.items():
            self._open[number].set_user_attr(key, value)

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Keep the value after an epoch; whether the trial is to be pruned."""
        trial = self._open[number]
        if math.isnan(value):
            return False
        seen = {**trial.user_attrs.get("epochs", {})}
        if str(epoch) not in seen:  # a resumed one may tell it again
            trial.set_user_attr("epochs", {**seen, str(epoch): value})
            trial.report(self._less_is_better(value), epoch)
        return bool(trial.should_prune())

    def tell(self, number: int, outcome: Outcome) -> None:
        """The end of an open trial; one that was stopped stays open for the next process."""
        from optuna.trial import TrialState

        trial = self._open.pop(number)
        before = trial.user_attrs.get("seconds", 0.0)
        trial.set_user_attr("seconds", round(before + outcome.seconds, 1))
        if outcome.state == STOPPED:
            return
        if outcome.value is not None:
            trial.set_user_attr("value", outcome.value)
        if outcome.reason:
            trial.set_user_attr("reason", outcome.reason)
        states = {DONE: TrialState.COMPLETE, PRUNED: TrialState.PRUNED, FAILED: TrialState.FAIL}
        value = self._less_is_better(outcome.value) if outcome.state == DONE else None
        self._study.tell(trial, value, state=states[outcome.state])

    def trials(self) -> list[Trial]:
        """All trials so far, by number."""
        found = self._study.get_trials(deepcopy=False)
        return [self._trial(each) for each in found if each.state.name != "WAITING"]

    def to_do(self, most: int) -> int:
        """Trials that are to be begun or gone on with until there are `most`."""
        known = self._study.get_trials(deepcopy=False)
        begun = sum(each.state.name != "WAITING" for each in known)
        return max(0, most - begun + len(self._left))

    def best(self) -> Trial | None:
        """The trial with the best value of those that were trained to their end."""
        done = [each for each in self.trials() if each.state == DONE]
        return min(done, key=lambda each: self._less_is_better(each.value), default=None)

    def importance(self) -> dict[str, float]:
        """Share of each setting in the variance of the values; empty where trials are too few.

        By functional analysis of variance of a random forest (Hutter et al. 2014).
        """
        import optuna

        done = [each for each in self.trials() if each.state == DONE]
        if len(done) < max(6, len(self.space.dimensions)) or len({e.value for e in done}) < 2:
            return {}
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        return optuna.importance.get_param_importances(self._study, evaluator=evaluator)

    def _how(self, number: int) -> str:
        if number == 0:
            return "start"
        counted = [
            each
            for each in self._study.get_trials(deepcopy=False)
            if each.state.name in ("COMPLETE", "PRUNED", "RUNNING")
        ]
        early = len(counted) <= self._random  # this one is among them
        return "random" if early or self._sampler == "random" else self._sampler

    def _less_is_better(self, value: Any) -> float:
        if self._metric.aim is not None:
            return abs(float(value) - self._metric.aim)
        return -float(value) if self._metric.higher_is_better else float(value)

    def _trial(self, found: Any) -> Trial:
        facts = found.user_attrs
        states = {"COMPLETE": DONE, "PRUNED": PRUNED, "FAIL": FAILED}
        state = states.get(found.state.name, RUNNING if found.number in self._open else STOPPED)
        epochs = facts.get("epochs", {})
        return Trial(
            number=found.number, state=state, how=facts.get("how", ""),
            values=facts.get("values", found.params),
            value=facts.get("value"), run=facts.get("run", ""), reason=facts.get("reason", ""),
            seconds=facts.get("seconds", 0.0), like=facts.get("like"),
            epochs={int(epoch): value for epoch, value in epochs.items()},
        )  # fmt: skip


def _sampler(name: str, seed: int, *, random_trials: int) -> Any:
    """TPE (Bergstra et al. 2011) over all settings together, or random search."""
    import optuna

    if name == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    # Trials that run are taken for bad ones, so that several at a time do not try the same.
    return optuna.samplers.TPESampler(
        seed=seed, n_startup_trials=random_trials, multivariate=True, constant_liar=True
    )


def _pruner(name: str, *, epochs: int) -> Any:
    """Ends trials that are behind others after the same epoch."""
    import optuna

    if name == "none":
        return optuna.pruners.NopPruner()
    if name == "hyperband":  # Li et al. 2018
        return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=epochs)
    return optuna.pruners.MedianPruner(
        n_startup_trials=BEFORE_PRUNING,
        n_warmup_steps=max(2, round(UNPRUNED * epochs)),
        n_min_trials=BEFORE_PRUNING,
    )
