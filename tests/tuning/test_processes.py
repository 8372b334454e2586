"""A trainer in a process: what it is sent, what it tells, and what happens when it breaks."""

import sys
import threading

import pytest
from reckoned import Settings

from seqapps.tuning import processes
from seqapps.tuning.processes import Job, Process
from seqapps.tuning.trial import DONE, FAILED, GO_ON, PRUNE, PRUNED, STOPPED

# Stands for `seqapps.tuning.worker`: does what the name of the run says, and trains nothing.
SCRIPT = """
import json, os, pickle, sys, time
job = pickle.load(sys.stdin.buffer)
def tell(**message):
    print(json.dumps(message), flush=True)
for line in sys.stdin.buffer:
    asked = json.loads(line)
    if asked["run"] == "dies":
        os.kill(os.getpid(), 9)
    if asked["run"] == "sleeps":
        tell(epoch=1, value=0.5)
        sys.stdin.buffer.readline()
        time.sleep(600)
    told = {"state": "done", "value": asked["settings"]["dropout"], "rounds": 0}
    if asked["run"] == "threads":
        told["reason"] = os.environ["OMP_NUM_THREADS"] + str(job.threads)
    if asked["run"] == "who":
        told["reason"] = str(os.getpid())
    for epoch in range(1, 4):
        tell(epoch=epoch, value=epoch / 7)
        told["rounds"] = epoch
        if json.loads(sys.stdin.buffer.readline())["then"] != "go on":
            told["state"] = "pruned"
            break
    tell(ended=told)
"""


@pytest.fixture
def process(monkeypatch):
    monkeypatch.setattr(processes, "COMMAND", [sys.executable, "-c", SCRIPT])
    found = Process(Job(task="toy", plugins=(), request={}, threads=3))
    yield found
    found.close()


def train(process, run, after_round=lambda epoch, value: GO_ON):
    return process.train(run, Settings(dropout=0.7), fresh=True, after_round=after_round)


def test_it_is_sent_the_settings_and_tells_every_round(process):
    seen = []

    def after_round(epoch, value):
        seen.append((epoch, value))
        return GO_ON

    outcome = train(process, "a", after_round)
    assert (outcome.state, outcome.value, outcome.rounds) == (DONE, 0.7, 3)
    assert seen == [(1, 1 / 7), (2, 2 / 7), (3, 3 / 7)]


def test_it_is_told_to_end_a_trial(process):
    outcome = train(process, "a", lambda epoch, value: PRUNE if epoch == 2 else GO_ON)
    assert (outcome.state, outcome.rounds) == (PRUNED, 2)


def test_one_process_trains_many_trials(process):
    assert train(process, "who").reason == train(process, "who").reason


def test_a_process_that_breaks_fails_its_trial_and_the_next_one_has_another(process):
    first = train(process, "who").reason
    outcome = train(process, "dies")
    assert outcome.state == FAILED
    assert outcome.reason == "its process ended with signal 9, perhaps for want of memory"
    again = train(process, "who")
    assert again.state == DONE and again.reason != first


def test_a_trial_that_is_killed_on_purpose_is_stopped_not_failed(process):
    def after_round(epoch, value):
        threading.Timer(0.05, process.kill).start()
        return GO_ON

    assert train(process, "sleeps", after_round).state == STOPPED


def test_it_is_held_to_its_share_of_the_cores(process):
    assert train(process, "threads").reason == "33"
