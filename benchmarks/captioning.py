"""Captioning: features beside a bare `predict`, batches beside training, captions a second.

Run: `.venv/bin/python benchmarks/captioning.py [--data FOLDER] [--encoder FILE.keras]`. The model
is the preset photos; without arguments pictures of 500 x 375 are drawn, and the encoder is a
MobileNetV2 with random weights. Weights of the captioner are untrained, and every caption has 12
tokens. Features and `predict` take turns, and so do searches, see `turns`.
"""

import argparse
import csv
import os
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from turns import measured, ratio

SIZE = 160  # pixels to a side, as encoders read them
SIDES = (500, 375)  # of drawn pictures
TOKENS = 12  # of a caption, its end counted: about Flickr8k's
WORDS = 3_000
PRESET = "photos"
ALL = 2**40  # bytes that may be held


def without_a_gpu():
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


def draw_pictures(folder, count):
    """Pictures with captions: blocks of colour, some noise, and words drawn by rank."""
    from PIL import Image

    random = np.random.default_rng(0)
    shares = 1 / np.arange(1, WORDS + 1)
    (folder / "images").mkdir()
    with (folder / "captions.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image", "caption"])
        for number in range(count):
            blocks = random.integers(0, 256, [9, 12, 3], dtype="uint8")
            whole = np.asarray(Image.fromarray(blocks).resize(SIDES, Image.Resampling.BICUBIC))
            noisy = np.clip(whole + random.normal(0, 8, whole.shape), 0, 255).astype("uint8")
            Image.fromarray(noisy).save(folder / "images" / f"{number}.jpg", quality=90)
            for length in random.integers(6, 16, 5):
                words = random.choice(WORDS, length, p=shares / shares.sum())
                table.writerow([f"{number}.jpg", " ".join(f"w{word}" for word in words)])


def draw_encoder(file):
    without_a_gpu()
    import keras

    keras.utils.set_random_seed(0)
    pictures = keras.Input([SIZE, SIZE, 3])
    network = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(SIZE, SIZE, 3)
    )
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pictures)
    keras.Model(pictures, network(scaled)).save(file)


def made(encoder, **options):
    """(task, settings, model, features) of the preset; the words are numbers."""
    without_a_gpu()
    from seqapps import registry, settings
    from seqapps.images.encoders import digest_of
    from seqapps.training.train import build

    task, folder = registry.load("captioning"), registry.find("captioning").folder
    values = settings.preset(task.settings, Path(folder), PRESET)
    values = replace(values, image_encoder=encoder, image_size=SIZE, **options)
    state = {
        "tokens": "words",
        "punctuation": True,
        "vocabulary": ["\n", " ", *(f" w{number}" for number in range(WORDS))],
        "image_encoder": digest_of(encoder),
    }
    return task, values, *build(task, values, state, seed=0)


def cases_of(task, settings, data, count):
    """As a run has them: read from the cache one by one."""
    from seqapps.data.load import load

    return task.list_cases(load(task, data).splits["train"][:count], settings)


def kept(data, encoder, count, *, before=False):
    """Features as a training makes them: read, decoded, made small, encoded, kept for later runs.

    The graph is made before, and optimized the first time, as both are once in a training. With
    `before` a run before has made them, and they are read.
    """
    task, settings, _, features = made(encoder)
    import tensorflow as tf

    from seqapps.data import once, paired
    from seqapps.data.batching import plan
    from seqapps.data.graph import graph_of

    cases = cases_of(task, settings, data, count)
    parts, reads = plan(cases, task.batching, settings), graph_of(features.once, task.inputs)

    def reader():
        return once.Once(reads, *features.once_by())

    graph = graph_of(features.pair, task.columns, reader().specs)
    tensors = tf.nest.flatten(graph.structured_outputs)

    def keep_all():
        with reader() as reading:
            found = [paired.Kept(count, tf.type_spec_from_value(each), None) for each in tensors]
            some = reading.parts(parts)
            for positions, values in paired.made(graph, task.columns, cases, some, reading):
                paired.keep(found, range(len(found)), positions, values)
        for each in found:
            each.close()

    def in_a_cache_of_its_own():
        with tempfile.TemporaryDirectory() as folder:
            os.environ["SEQAPPS_CACHE"] = folder
            keep_all()

    if not before:
        return in_a_cache_of_its_own
    cache = tempfile.TemporaryDirectory()
    os.environ["SEQAPPS_CACHE"] = cache.name
    keep_all()

    def again():
        os.environ["SEQAPPS_CACHE"] = cache.name
        keep_all()

    return again


def found(data, encoder, count):
    """The same, from the cache."""
    return kept(data, encoder, count, before=True)


def bare(data, encoder, count):
    """The encoder alone: `predict` on pixels that are there, in batches of the same mean size."""
    task, settings, _, _ = made(encoder)
    import keras
    import tensorflow as tf

    from seqapps.data.batching import plan
    from seqapps.images.decode import pixels

    cases = cases_of(task, settings, data, count)
    batch = round(len(cases) / len(plan(cases, task.batching, settings)))
    decoded = tf.function(lambda image: pixels(image[None], SIZE)[0])
    ready = np.stack([decoded(tf.constant(case["image_bytes"])) for case in cases])
    ready, network = ready.astype("float32"), keras.saving.load_model(encoder, compile=False)
    return lambda: network.predict(ready, batch_size=batch, verbose=0)


def asked(data, encoder, beam, batch):
    """The exported signature: encoded pictures in, captions out."""
    parts = made(encoder, beam=beam, max_tokens=TOKENS)
    import tensorflow as tf

    from seqapps.export.signatures import module_of
    from seqapps.text.token_ids import BOUNDARY

    task, settings, model, _ = parts
    bias = model.get_layer("logits").bias
    low = np.zeros(bias.shape)
    low[BOUNDARY] = -1e9  # the end: captions are as long as they may be
    bias.assign(low)
    folder = tempfile.mkdtemp()
    module, functions = module_of(*parts)
    tf.saved_model.save(module, folder, signatures=functions)
    loaded = tf.saved_model.load(folder)
    serve = loaded.signatures["serving_default"]
    images = [case["image_bytes"] for case in cases_of(task, settings, data, batch)]
    images = tf.constant(list(np.resize(np.array(images, object), batch)))
    return lambda: (serve(image_bytes=images)["score"].numpy(), loaded)


def features(data, encoder, count, turns):
    contenders = {name: (maker, (data, encoder, count)) for name, maker in
                  {"kept": kept, "found": found, "bare": bare}.items()}  # fmt: skip
    spent, first = measured(contenders, turns)
    for name, times in spent.items():
        print(
            f"{name}: {count / statistics.median(times):,.0f} pictures/s, first {first[name]:.1f} s"
        )
    for name, what in {"kept": "features", "found": "features from the cache"}.items():
        print(f"{what} / bare predict: {ratio(spent, 'bare', to=name):.2f} times as fast")


def training(data, encoder, count):
    """Batches that are read from kept features beside batches that are trained on."""
    task, settings, model, features = made(encoder)
    from seqapps.data.paired import source_of
    from seqapps.training.rounds import Rounds

    cases = cases_of(task, settings, data, count)
    rounds = Rounds(task, cases, settings, seed=0)
    batches = rounds.batches(0)

    def seconds(call):
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    for place, memory in {"memory": ALL, "a file": 0}.items():
        with tempfile.TemporaryDirectory() as folder:
            source = source_of(
                task, settings, features, cases, folder=Path(folder), max_memory=memory
            )
        data = source(lambda: batches)
        calls = {
            "read": lambda data=data: [None for _ in data],
            "trained": lambda data=data: model.fit(
                data, steps_per_epoch=len(batches), shuffle=False, verbose=0
            ),
        }
        for call in calls.values():
            call()
        spent = {name: [] for name in calls}
        for _ in range(3):
            for name, call in calls.items():
                spent[name].append(seconds(call))
        read, trained = (len(batches) / statistics.median(spent[name]) for name in calls)
        print(f"batches from {place}: {read:,.0f} read a second, {trained:,.1f} trained on: "
              f"{ratio(spent, 'trained', to='read'):.0f} times", flush=True)  # fmt: skip


def searching(data, encoder, turns):
    print("\n| batch | greedy, captions/s | beam 3, captions/s | time of beam 3 / greedy |"
          "\n|---|---|---|---|")  # fmt: skip
    for batch in (1, 32):
        spent, _ = measured(
            {
                "greedy": (asked, (data, encoder, 1, batch)),
                "beam": (asked, (data, encoder, 3, batch)),
            },
            turns,
        )
        greedy, beam = (batch / statistics.median(spent[name]) for name in ("greedy", "beam"))
        print(f"| {batch} | {greedy:,.1f} | {beam:,.1f} "
              f"| {ratio(spent, 'beam', to='greedy'):.2f} |", flush=True)  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", help="a folder of pictures with their captions")
    parser.add_argument("--encoder", help="a saved Keras model that gives a map of features")
    parser.add_argument("--pictures", type=int, default=1_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--only", choices=("features", "training", "searching"))
    given = parser.parse_args()
    without_a_gpu()
    with tempfile.TemporaryDirectory() as folder:
        data, encoder = given.data, given.encoder
        if not data:
            data = folder
            draw_pictures(Path(folder), given.pictures * 5 // 4)  # a part is held out
        if not encoder:
            encoder = str(Path(folder) / "encoder.keras")
            draw_encoder(encoder)
        if given.only in (None, "features"):
            features(data, encoder, given.pictures, given.turns)
        if given.only in (None, "training"):
            training(data, encoder, given.pictures)
        if given.only in (None, "searching"):
            searching(data, encoder, given.turns)


if __name__ == "__main__":
    main()
