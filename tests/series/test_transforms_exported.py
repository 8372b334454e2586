"""Every transform inside a SavedModel, with nothing that TF Serving lacks."""

import numpy as np
import pytest

LOOKBACK, CHANNELS = 61, 3


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """(answers before export, what was loaded, windows)."""
    import tensorflow as tf

    from seqapps.series.transforms import (
        differences,
        filters,
        gaps,
        logarithm,
        matrix,
        reversible,
        scaling,
        spectrum,
        wavelets,
    )  # fmt: skip

    random = np.random.default_rng(0)
    values = random.normal(size=[5, LOOKBACK, CHANNELS]).astype("float32")
    values[random.random(values.shape) < 0.1] = np.nan
    smooth = filters.butterworth(LOOKBACK, shortest=7)
    waves = wavelets.transform(LOOKBACK, "db2")
    packets = wavelets.packets(LOOKBACK, "db2", levels=2)
    energies = spectrum.band_energies(LOOKBACK, 100, [0, 13, 31, 50])
    scale = scaling.standard(list(values))

    class Transforms(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, LOOKBACK, CHANNELS], name="values")])
        def every(self, values):
            answers = {}
            for how in ("interpolate", "forward", "causal", "mask"):
                answers[how], answers["mask"] = gaps.fill(values, how)
            whole = scale.scaled(answers["causal"])
            answers["scaled"] = whole
            window = reversible.window_scale(whole, answers["mask"])
            answers["window"] = window.unscaled(window.scaled(whole) + 1)
            answers["smooth"] = matrix.apply(smooth, whole)
            answers["denoised"] = wavelets.denoise(whole, waves)
            answers["packets"] = wavelets.packet_energies(packets, whole, levels=2)
            answers["bands"] = energies.of(whole)
            answers["levels"] = differences.levels(whole[:, :7] * 0.1, whole, (1, 5))
            answers["log"] = logarithm.signed_log(whole)
            return answers

    module = Transforms()
    folder = str(tmp_path_factory.mktemp("transforms"))
    tf.saved_model.save(module, folder, signatures=module.every)
    return module.every(values), tf.saved_model.load(folder), values


def test_the_export_answers_alike_for_any_number_of_windows(exported):
    before, loaded, values = exported
    for count in (5, 2, 1, 0):
        answers = loaded.signatures["serving_default"](values=values[:count])
        assert answers.keys() == before.keys()
        for name, answer in answers.items():
            np.testing.assert_allclose(answer, before[name][:count], atol=1e-5, err_msg=name)


def test_every_answer_is_a_number(exported):
    for name, answer in exported[0].items():
        assert np.isfinite(answer).all(), name


def test_the_graph_holds_no_python_and_no_loop(exported):
    graph = exported[1].signatures["serving_default"].graph.as_graph_def()
    kinds = {node.op for part in graph.library.function for node in part.node_def}
    kinds |= {node.op for node in graph.node}
    assert "MatMul" in kinds
    assert not {kind for kind in kinds if "PyFunc" in kind or "While" in kind}
