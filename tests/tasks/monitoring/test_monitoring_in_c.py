"""A monitor answers by TensorFlow's C interface, as TF Serving loads it."""

import numpy as np
import pytest
from in_c import assert_alike, saved, told_in_c

BANDS = {"bands": 3, "frame": 8, "lookback": 32, "stride": 16, "smooth": 16, "duration": 8}


@pytest.mark.long
@pytest.mark.parametrize("options", [{"detector": "both"}, BANDS], ids=["steps", "bands"])
def test_the_bare_c_runtime_watches_as_the_model_does(made, options, tmp_path):
    """Also where values are missing."""
    monitor = made(**options)
    folder = saved(tmp_path / "export", monitor.task, monitor.settings, *monitor.trained[:2])
    windows = [np.array(case["values"]) for case in monitor.cases("test")[-5:]]
    windows[1][3:7, 1] = np.nan
    told = told_in_c(folder, {"values": np.array(windows, "float32")})
    expected = monitor.predict([{"values": window} for window in windows])
    assert_alike(told, expected, monitor.task.answer)
