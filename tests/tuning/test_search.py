"""The search: what is tried, what is kept, when it ends, and what it goes on with."""

import math
import signal
import threading

import pytest
from reckoned import Reckoned, loss

from seqapps.errors import RunError
from seqapps.progress import Progress
from seqapps.tuning.search import Search
from seqapps.tuning.space import space_of
from seqapps.tuning.trial import DONE, FAILED, PRUNED, STOPPED, Outcome


def search(study, trainer, *, trials=11, **options):
    Search(study, make=lambda: trainer, run_name="t-{:03d}".format, trials=trials, **options).run()


def test_the_first_trial_has_the_settings_that_the_search_begins_with(open_study, base):
    trainer = Reckoned()
    search(open_study(), trainer, trials=2)
    assert trainer.asked[0] == ("t-000", base, True)
    assert trainer.asked[1][1] != base
    assert trainer.closed


def test_the_best_is_the_least_value_that_was_reckoned(open_study):
    study, trainer = open_study(), Reckoned()
    search(study, trainer)
    done = [trial for trial in study.trials() if trial.state == DONE]
    best = min(loss(settings) for _, settings, _ in trainer.asked)
    assert study.best().value == pytest.approx(best)
    assert study.best().value < done[0].value
    assert loss(study.space.settings(study.best().values)) == pytest.approx(best)


def test_the_best_is_the_highest_value_of_a_metric_that_is_better_higher(open_study):
    study, trainer = open_study(higher=True, pruner="none"), Reckoned()
    search(study, trainer)
    assert study.best().value == max(loss(settings) for _, settings, _ in trainer.asked)


def test_the_best_is_the_nearest_to_the_aim_of_a_metric_with_one(open_study):
    study = open_study(aim=0.8, pruner="none")
    search(study, Reckoned(lambda settings: settings.dropout))
    tried = [trial.values["dropout"] for trial in study.trials()]
    assert study.best().values["dropout"] == min(tried, key=lambda value: abs(value - 0.8))


def test_tpe_finds_a_better_ground_than_it_was_given(open_study):
    study = open_study(trials=37, pruner="none")
    search(study, Reckoned(), trials=37)
    random = [trial.value for trial in study.trials() if trial.how == "random"]
    assert study.best().how == "tpe"
    assert study.best().value < min(random)


def test_trials_that_fall_behind_are_ended_early_and_never_the_best(open_study):
    study = open_study(trials=23)
    search(study, Reckoned(), trials=23)
    pruned = [trial for trial in study.trials() if trial.state == PRUNED]
    assert pruned
    assert all(1 < len(trial.epochs) < 5 for trial in pruned)
    assert study.best().state == DONE


def test_no_trial_is_ended_before_a_quarter_of_its_epochs(open_study):
    study = open_study(trials=23, epochs=20)
    search(study, Reckoned(rounds=20), trials=23)
    pruned = [trial for trial in study.trials() if trial.state == PRUNED]
    assert pruned
    assert min(len(trial.epochs) for trial in pruned) == 5


def test_a_trial_that_fails_is_told_and_the_search_goes_on(open_study):
    def value(settings):
        return "too much was left out" if settings.dropout > 0.3 else loss(settings)

    study = open_study(trials=13)
    search(study, Reckoned(value), trials=13)
    failed = [trial for trial in study.trials() if trial.state == FAILED]
    assert failed
    assert {trial.reason for trial in failed} == {"too much was left out"}
    assert len(study.trials()) == 13
    assert study.best().values["dropout"] <= 0.3


def test_settings_that_contradict_each_other_are_a_failed_trial(open_study, base):
    space = space_of(base, {"only": ["encoder", "bidirectional", "dropout"]})
    study, trainer = open_study(space=space, trials=19), Reckoned()
    search(study, trainer, trials=19)
    failed = [trial for trial in study.trials() if trial.state == FAILED]
    assert failed
    assert all("attention looks both ways" in trial.reason for trial in failed)
    again = [trial for trial in study.trials() if trial.like is not None]
    assert len(trainer.asked) == 19 - len(failed) - len(again)


def test_a_search_in_which_nothing_works_is_given_up(open_study):
    with pytest.raises(RunError, match="first 5 trials have all failed; the last one: no data"):
        search(open_study(), Reckoned(lambda settings: "no data"))


def test_finished_trials_are_kept_and_counted_by_the_next_process(open_study):
    search(open_study(), Reckoned(), trials=3)
    before = open_study().trials()
    again = Reckoned()
    search(open_study(), again, trials=5)
    study = open_study()
    assert study.trials()[:3] == before
    assert [run for run, _, _ in again.asked] == ["t-003", "t-004"]
    assert len({str(sorted(trial.values.items())) for trial in study.trials()}) == 5


def test_a_trial_that_was_cut_off_is_gone_on_with_and_not_begun_anew(open_study):
    class KillError(Exception):
        pass

    def die(run, epoch):
        if (run, epoch) == ("t-001", 3):
            raise KillError

    first = Reckoned(then=die)
    with pytest.raises(KillError):
        search(open_study(), first)
    [left] = [trial for trial in open_study().trials() if trial.state == STOPPED]
    assert (left.number, len(left.epochs)) == (1, 2)
    again, study = Reckoned(), open_study()
    search(study, again, trials=2)
    assert again.asked == [("t-001", first.asked[1][1], False)]
    assert study.trials()[1].state == DONE
    assert len(study.trials()[1].epochs) == 5


def test_ctrl_c_ends_the_round_keeps_what_is_there_and_is_let_through(open_study):
    told = []

    def press(run, epoch):
        if (run, epoch) == ("t-002", 2):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            pressed.wait(5)

    pressed = threading.Event()

    class Heard(Progress):
        def say(self, line):
            told.append(line)
            if line.startswith("Stopping"):
                pressed.set()

    study, trainer = open_study(), Reckoned(then=press)
    with pytest.raises(KeyboardInterrupt):
        search(study, trainer, progress=Heard())
    assert [trial.state for trial in study.trials()] == [DONE, DONE, STOPPED]
    assert not trainer.killed
    assert any("press again" in line for line in told)


def test_a_second_ctrl_c_does_not_wait_for_the_round(open_study):
    killed = threading.Event()

    def interrupt():
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    class Slow(Reckoned):
        def train(self, run, settings, *, fresh, after_round):
            interrupt()
            assert killed.wait(60)  # a round that takes for ever
            return Outcome(state=STOPPED)

        def kill(self):
            killed.set()

    class Hurried(Progress):
        def say(self, line):
            if line.startswith("Stopping"):
                threading.Timer(0.05, interrupt).start()

    study = open_study()
    with pytest.raises(KeyboardInterrupt):
        search(study, Slow(), progress=Hurried())
    assert [trial.state for trial in study.trials()] == [STOPPED]


def test_no_trial_begins_after_the_minutes_and_the_one_that_runs_is_kept(open_study):
    now = [0.0]

    def pass_time(run, epoch):
        now[0] += 20.0  # seconds; a trial of 5 epochs takes 100

    study = open_study(trials=None)
    search(study, Reckoned(then=pass_time), trials=None, minutes=250 / 60, clock=lambda: now[0])
    assert [trial.state for trial in study.trials()] == [DONE, DONE, STOPPED]


def test_several_trials_run_at_a_time_and_none_twice(open_study):
    together = threading.Barrier(3, timeout=20)

    def meet(run, epoch):
        if run in ("t-000", "t-001", "t-002") and epoch == 1:
            together.wait()  # passes only when three are here

    study, trainer = open_study(), Reckoned(then=meet)
    search(study, trainer, jobs=3)
    assert sorted(run for run, _, _ in trainer.asked) == [f"t-{n:03d}" for n in range(11)]
    assert [trial.number for trial in study.trials()] == list(range(11))


def test_the_same_settings_are_not_trained_twice(open_study, base):
    space = space_of(base, {"only": ["layers"]})
    study, trainer = open_study(space=space, trials=17, pruner="none"), Reckoned()
    search(study, trainer, trials=17)
    assert sorted(settings.layers for _, settings, _ in trainer.asked) == [1, 2, 3]
    likes = [trial for trial in study.trials() if trial.like is not None]
    assert len(likes) == 14
    for trial in likes:
        assert trial.values == study.trials()[trial.like].values
        assert trial.value == study.trials()[trial.like].value


def test_random_search_is_told_as_such(open_study):
    study = open_study(sampler="random", trials=13)
    search(study, Reckoned(), trials=13)
    assert {trial.how for trial in study.trials()} == {"start", "random"}


def test_the_same_seed_tries_the_same_settings_and_another_seed_others(open_study, tmp_path):
    tried = []
    for seed in (3, 3, 5):
        trainer = Reckoned()
        search(open_study(seed=seed), trainer, trials=11)
        tried.append([settings for _, settings, _ in trainer.asked])
        (tmp_path / "trials.jsonl").unlink()
    assert tried[0] == tried[1]
    assert tried[0][1:] != tried[2][1:]


def test_a_journal_whose_last_line_was_cut_off_by_a_kill_is_read_to_there(open_study, tmp_path):
    search(open_study(), Reckoned(), trials=3)
    journal = tmp_path / "trials.jsonl"
    content = journal.read_bytes()
    journal.write_bytes(content[:-7])  # within the line that tells the last trial's end
    study, again = open_study(), Reckoned()
    assert [trial.state for trial in study.trials()] == [DONE, DONE, STOPPED]
    search(study, again, trials=3)
    assert [(run, fresh) for run, _, fresh in again.asked] == [("t-002", False)]
    assert study.trials()[2].state == DONE


def test_importance_names_the_setting_that_decides(open_study):
    def value(settings):
        return math.log10(settings.learning_rate / 0.03) ** 2

    study = open_study(sampler="random", pruner="none", trials=23)
    search(study, Reckoned(value), trials=5)
    assert study.importance() == {}  # too few to tell
    search(study, Reckoned(value), trials=23)
    shares = study.importance()
    assert max(shares, key=shares.get) == "learning_rate"
    assert shares["learning_rate"] > 0.8
    assert sum(shares.values()) == pytest.approx(1)
