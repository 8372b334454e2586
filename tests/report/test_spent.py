"""What training read, in the report's part about cost."""

import pytest

from seqapps.report.spent import reading


def test_padding_is_a_share_of_all_steps_not_the_mean_of_the_rounds():
    """90 and 10 tokens, 100 and 40 steps: 40 of 140 are padding; 100 tokens in 4 seconds."""
    rounds = [
        {"tokens": 90.0, "padding": 0.1, "seconds": 1.0},
        {"tokens": 10.0, "padding": 0.75, "seconds": 3.0},
    ]
    assert reading(rounds) == (
        "100 tokens in 2 rounds, 25 a second with validation; padding was 28.6 % of the steps"
    )


@pytest.mark.parametrize("rounds", [1, 2])
def test_batches_without_lengths_have_nothing_to_tell(rounds):
    assert reading([{"round": 1.0, "seconds": 2.0}] * rounds) == ""
