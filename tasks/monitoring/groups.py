"""Groups of like windows, found without labels: the autoencoder's codes, clustered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.task import Ask, Case, Surroundings

MOST = 1000  # windows of each part; the silhouette takes the square of them
SIGNATURE = "embed"


def groups(ask: Ask, around: Surroundings) -> Mapping[str, Any]:
    """Test windows in the plane of the training codes' two main directions, and their groups.

    k-means (Lloyd 1982) on training codes as they are: those that vary more weigh more. Of 2 to
    `clusters` groups those with the best silhouette (Rousseeuw 1987) are taken. Empty where the
    training part has too few different windows.
    """
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    train, test = _spread(around.train), _spread(around.test)
    learnt, asked = _codes(ask, train), _codes(ask, test)  # [windows, code]
    silhouettes = _silhouettes(learnt, around.settings.clusters)
    if not silhouettes:
        return {}
    count = max(silhouettes, key=lambda count: silhouettes[count])
    found = KMeans(count, n_init=10, random_state=0).fit(learnt)
    plane = PCA(min(2, learnt.shape[1])).fit(learnt)
    places = np.zeros([len(asked), 2])  # of codes of one number the second stays 0
    places[:, : plane.n_components_] = plane.transform(asked)
    number = found.predict(asked)
    states = [case["state"] for case in test]
    return {
        "silhouettes": {str(count): value for count, value in silhouettes.items()},
        "count": count,
        "places": [[float(each) for each in place] for place in places],
        "groups": number.tolist(),
        "states": states,
        "sizes": np.bincount(found.labels_, minlength=count).tolist(),
        "explained": [float(share) for share in plane.explained_variance_ratio_],
        **_agreement(states, number),
    }


def _silhouettes(codes: np.ndarray, most: int) -> dict[int, float]:
    """How well groups stand apart, by how many there are."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    different = len(np.unique(codes.round(6), axis=0))
    found = {}
    for count in range(2, min(most, different - 1) + 1):
        labels = KMeans(count, n_init=10, random_state=0).fit_predict(codes)
        found[count] = float(silhouette_score(codes, labels))
    return found


def _agreement(states: Sequence[str], number: np.ndarray) -> dict[str, float]:
    """The adjusted Rand index (Hubert and Arabie 1985) of groups and states, where all are known:
    0 is chance, 1 the same groups.
    """
    from sklearn.metrics import adjusted_rand_score

    if not all(states) or len(set(states)) < 2:
        return {}
    return {"agreement": float(adjusted_rand_score(states, number))}


def _codes(ask: Ask, cases: Sequence[Case]) -> np.ndarray:
    return np.array([each["embedding"] for each in ask(SIGNATURE, cases)])


def _spread(cases: Sequence[Case]) -> list[Case]:
    """At most so many of them, evenly spread."""
    chosen = np.unique(np.linspace(0, len(cases) - 1, min(len(cases), MOST)).round().astype(int))
    return [cases[place] for place in chosen.tolist()]
