"""A recurrent decoder with attention and random weights, in TensorFlow and in NumPy."""

import numpy as np
import tensorflow as tf

END = 1


class RandomDecoder:
    """Rows differ in where they begin and in what they attend to; their sources in length."""

    def __init__(self, rows, *, vocabulary, source=7, units=11, seed=0):
        random = np.random.default_rng(seed)
        self.vocabulary = vocabulary
        self.embedding = random.normal(0, 1, [vocabulary, units]).astype("float32")
        self.recurrent = random.normal(0, 0.6, [units, units]).astype("float32")
        self.output = random.normal(0, 0.7, [2 * units, vocabulary]).astype("float32")
        self.begin = random.normal(0, 1, [rows, units]).astype("float32")
        self.keys = random.normal(0, 1, [rows, source, units]).astype("float32")
        self.real = np.arange(source) < random.integers(2, source + 1, rows)[:, None]

    def tensors(self, rows=slice(None)):
        """What a graph is given: begin, keys and real source steps of these rows."""
        return [tf.constant(each[rows]) for each in (self.begin, self.keys, self.real)]

    def step(self, keys, real):
        """A step on memory [batch, source, units]; its state is [batch, beams, units]."""

        def step(ids, state):
            state = tf.tanh(tf.gather(self.embedding, ids) + state @ self.recurrent)
            energy = tf.einsum("nbu,nsu->nbs", state, keys)
            weights = tf.nn.softmax(tf.where(real[:, None], energy, -np.inf))
            context = tf.einsum("nbs,nsu->nbu", weights, keys)
            return tf.concat([state, context], -1) @ self.output, state, weights

        return step

    def after(self, row, ids):
        """log P of the tokens that can follow, and the attention paid at each step so far.

        In float64, from the start: `ids` are those read, the first one among them.
        """
        state, paid = self.begin[row].astype("float64"), []
        keys = self.keys[row][self.real[row]].astype("float64")
        for id_ in ids:
            state = np.tanh(self.embedding[id_] + state @ self.recurrent)
            weights = np.exp(keys @ state)
            paid.append(weights / weights.sum())
        logits = np.concatenate([state, paid[-1] @ keys]) @ self.output
        return logits - np.log(np.exp(logits).sum()), paid


def ends_in_a_repeat(ids, size):
    """Whether the last n-gram is there before."""
    grams = [tuple(ids[at : at + size]) for at in range(len(ids) - size + 1)]
    return bool(size and grams and grams[-1] in grams[:-1])
