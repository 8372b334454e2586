"""A monitor of three sensors whose answer can be reckoned by hand, exported as seqapps does."""

import tensorflow as tf

from seqapps.export import manifest
from seqapps.series.alarms import alarms_in_graph
from seqapps.task import Column, Output, Signature

SENSORS = ("pressure", "flow", "current")
LOOKBACK = 5
MEAN, SCALE = (10.0, 200.0, 3.0), (1.0, 20.0, 0.5)
THRESHOLD, LOWER = 4.0, 2.0  # of deviations of the first sensor

INPUTS = {
    "values": Column("series", "the last steps", (LOOKBACK, 3), gaps=True, channels=SENSORS),
}
ANSWER = {
    "score": Output("number", "how far the last step is from normal"),
    "threshold": Output("number", "above it is an alarm"),
    "alarm": Output("number", "1 where there is one"),
    "contributions": Output("weights", "of each sensor"),
    "step_scores": Output("series", "of each step"),
    "drift": Output("weights", "standard deviations of the window's mean from training"),
}


class TinyMonitor(tf.Module):
    """score = |last pressure - its mean| / its deviation."""

    @tf.function(input_signature=[tf.TensorSpec([None, LOOKBACK, 3], tf.float32, name="values")])
    def answer(self, values):
        away = (values - MEAN) / SCALE  # [batch, lookback, sensors]
        seen = tf.math.is_finite(away)
        away = tf.where(seen, away, 0.0)
        step_scores = tf.abs(away[:, :, 0])  # [batch, lookback]
        alarm = alarms_in_graph(step_scores, THRESHOLD, LOWER)  # [batch, lookback]
        count = tf.reduce_sum(tf.cast(seen, tf.float32), axis=1)
        return {
            "score": step_scores[:, -1],
            "threshold": tf.fill(tf.shape(values)[:1], THRESHOLD),
            "alarm": alarm[:, -1],
            "contributions": tf.abs(away[:, -1]),
            "step_scores": step_scores,
            "drift": tf.math.divide_no_nan(tf.reduce_sum(away, axis=1), count),
        }


def save(folder, *, answer=ANSWER, inputs=INPUTS, settings=""):
    """Export it into `folder`, as one version of a published model."""
    module = TinyMonitor()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.answer})
    signature = Signature(inputs, answer, "is the pump well?")
    (folder / manifest.EXTRA).mkdir(exist_ok=True)
    (folder / manifest.EXTRA / "settings.toml").write_text(settings)
    manifest.write(folder, {"task": "tiny"}, {"serving_default": signature})
