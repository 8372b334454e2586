"""What `seqapps check monitoring` holds the task to beside what it holds every task to."""

from __future__ import annotations

from typing import Any

CLOSE = 1e-5  # products of a batch are summed in another order


def check_scores_wait_for_nothing(trial: Any) -> None:
    """The score and the alarm of a step are the same whatever its window holds after it.

    A score that looked ahead would find faults in a test earlier than anybody can in use.
    """
    import numpy as np

    case = trial.few()[-1]
    half = trial.task.tiny.lookback // 2
    values = np.array(case["values"])
    values[half:] = 3 * values[half:] + 1
    before, after = trial.predict([case, {**case, "values": values}])
    for name in ("step_scores", "step_alarms"):
        first, second = np.array(before[name]), np.array(after[name])
        assert np.allclose(first[:half], second[:half], rtol=CLOSE, atol=CLOSE), (
            f"{name} of the first {half} steps of a window change with the values after them by "
            f"{np.abs(first - second)[:half].max():.2g}: does a layer, a filter or a fill of gaps "
            "look ahead?"
        )
    assert before["step_scores"][half:] != after["step_scores"][half:], (
        "step_scores do not change with the values that they are of"
    )
