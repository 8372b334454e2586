"""A forecaster answers by TensorFlow's C interface, as TF Serving loads it."""

import numpy as np
import pytest
from hand_made_series import NAMED, everything
from in_c import assert_alike, saved, told_in_c


def feeds(rows, inputs):
    """Rows by name -> columns by name: texts as a list, numbers as an array of their type."""
    columns = {name: [row[name] for row in rows] for name in inputs}
    return {
        name: column if inputs[name].dtype == "string" else np.array(column, inputs[name].dtype)
        for name, column in columns.items()
    }


@pytest.mark.long
@pytest.mark.parametrize("encoder", ["segments", "lstm", "encoder_decoder", "attention"])
def test_the_bare_c_runtime_forecasts_as_the_model_does(made, encoder, tmp_path):
    """Also of gaps, of an unknown series, and of a window that was not observed at all."""
    forecaster = made(
        everything(), **NAMED, calendar=True, embed_series=True, gaps="mask", encoder=encoder
    )
    task = forecaster.task
    folder = saved(
        tmp_path / "export", task, forecaster.settings, forecaster.model, forecaster.features
    )
    nothing = np.full([29, 4], np.nan)
    rows = [
        *forecaster.cases[:3],
        {**forecaster.cases[3], "series": "unheard of"},
        {**forecaster.cases[4], "values": nothing, "future": nothing[:5, :1]},
    ]
    told = told_in_c(folder, feeds(rows, task.inputs))
    assert_alike(told, forecaster.ask(rows), task.answer)
    assert np.isfinite(told["outputs"]["mean"]).all()
