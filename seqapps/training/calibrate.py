"""Weights of a logarithmic opinion pool, and its temperature, from the validation split."""

from __future__ import annotations

import numpy as np

MOST = 20.0  # times the logits; more says only that validation holds no mistake


def fit_pool(logits: np.ndarray, truth: np.ndarray, *, temperature: bool = True) -> np.ndarray:
    """The weights float32 [members], none negative, with the smallest log loss.

    `logits` are [cases, members, labels], `truth` int [cases]. The loss is convex in the weights.
    With `temperature` their sum is free: its inverse is the temperature of the pool. Without, they
    are scaled to sum to 1. One member alone is calibrated as by Guo et al. 2017.
    """
    from scipy.optimize import minimize
    from scipy.special import log_softmax, softmax

    rows, members = np.arange(len(truth)), logits.shape[1]
    wide = np.asarray(logits, "float64")
    true = wide[rows, :, truth]  # [cases, members]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        mixed = np.einsum("nml,m->nl", wide, weights)  # [cases, labels]
        value = -log_softmax(mixed, axis=1)[rows, truth].mean()
        expected = np.einsum("nml,nl->nm", wide, softmax(mixed, axis=1))
        return value, (expected - true).mean(axis=0)

    start = np.full(members, 1 / members)
    bounds = [(0.0, MOST)] * members
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    total = found.sum()
    if total < 1e-3:  # nothing better than equal chances was found: say less, not nothing
        return np.asarray(start, "float32")
    return np.asarray(found if temperature else found / total, "float32")
