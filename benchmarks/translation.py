"""Translation: training steps beside PyTorch, and what searching in the graph saves.

Run: `.venv/bin/python benchmarks/translation.py` after `pip install -e '.[bench]'`. The model is
the preset sentences with larger vectors: a bidirectional LSTM of 2 x 256, an LSTM decoder of 512,
general attention, tied vectors of 512, a joint vocabulary of 8,000, label smoothing. Weights are
untrained and texts are drawn, with the lengths of Multi30k. All take turns, see `turns`.
"""

import argparse
import os
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from turns import measured, ratio

VOCABULARY = 8_000
BATCH, SOURCE, TARGET = 64, 16, 17  # of a training step: about Multi30k's 1,500 tokens
TOKENS = 20  # that searches write: no translation ends before
SLOW = TOKENS  # of the loop over `model.predict`, which reads them all anew each time
PRESET = "sentences"


def made(**options):
    """(task, settings, model, features) of the preset; the words are numbers."""
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    from seqapps import registry, settings
    from seqapps.training.train import build

    task, folder = registry.load("translation"), registry.find("translation").folder
    values = settings.preset(task.settings, Path(folder), PRESET)
    values = replace(values, tokens="words", max_tokens=TOKENS, embedding=512, **options)
    words = ["\n", " " * 8, " " * 4, "  ", " ", *(f" {n}" for n in range(VOCABULARY - 8))]
    state = {"both_tokens": "words", "both_punctuation": True, "both_vocabulary": words}
    model, features = build(task, values, state, seed=0)
    bias = np.zeros(3 + len(words))
    bias[1] = -1e9  # the end: translations are as long as they may be
    model.get_layer("logits").bias.assign(bias)
    return task, values, model, features


def pairs():
    """(source [batch, source], before and targets [batch, target]), ids without padding."""
    random = np.random.default_rng(0)
    shares = 1 / np.arange(1, VOCABULARY - 3)
    drawn = 3 + random.choice(VOCABULARY - 4, [BATCH, SOURCE + TARGET], p=shares / shares.sum())
    source, target = drawn[:, :SOURCE].astype("int32"), drawn[:, SOURCE:].astype("int32")
    return source, np.pad(target[:, :-1], [[0, 0], [1, 0]], constant_values=1), target


def ours():
    """The step of a run, with all that a run does."""
    _, _, model, _ = made()
    import tensorflow as tf

    from seqapps.training import backend

    backend.watch(model)
    source, before, targets = pairs()
    data = ({"source": source, "before": before}, targets)
    batches = iter(tf.data.Dataset.from_tensors(data).repeat())
    model.make_train_function()
    return lambda: float(model.train_function(batches)["loss"])


def torch():
    """The same with PyTorch, whose loss takes label smoothing."""
    import torch
    from torch import nn

    torch.set_num_threads(len(os.sched_getaffinity(0)))

    class Translator(nn.Module):
        def __init__(self):
            super().__init__()
            self.vectors = nn.Embedding(VOCABULARY, 512)
            self.encoder = nn.LSTM(512, 256, bidirectional=True, batch_first=True)
            self.bridges = nn.ModuleList([nn.Linear(512, 512) for _ in range(2)])
            self.decoder = nn.LSTM(512, 512, batch_first=True)
            self.general = nn.Linear(512, 512, bias=False)
            self.combine = nn.Linear(1024, 512)
            self.drop = nn.Dropout(0.3)
            self.bias = nn.Parameter(torch.zeros(VOCABULARY))

        def forward(self, source, before):
            memory, last = self.encoder(self.drop(self.vectors(source)))
            first = [
                bridge(state.transpose(0, 1).flatten(1))[None]
                for bridge, state in zip(self.bridges, last, strict=True)
            ]
            memory = self.drop(memory)
            state = (torch.tanh(first[0]), first[1])
            hidden, _ = self.decoder(self.drop(self.vectors(before)), state)
            hidden = self.drop(hidden)
            weights = torch.softmax(self.general(hidden) @ memory.transpose(1, 2), -1)
            both = torch.cat([weights @ memory, hidden], -1)
            return self.drop(torch.tanh(self.combine(both))) @ self.vectors.weight.T + self.bias

    model = Translator()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    score = nn.CrossEntropyLoss(label_smoothing=0.1)
    source, before, targets = (torch.from_numpy(each).long() for each in pairs())

    def step():
        optimizer.zero_grad()
        loss = score(model(source, before).flatten(0, 1), targets.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return step


def graph(beam, lengths):
    """A function that translates texts of so many words by the exported signature."""
    parts = made(beam=beam)  # before TensorFlow is imported: it sets the environment
    import tensorflow as tf

    from seqapps.export.signatures import module_of

    folder = tempfile.mkdtemp()
    module, functions = module_of(*parts)
    tf.saved_model.save(module, folder, signatures=functions)
    loaded = tf.saved_model.load(folder)
    serve = loaded.signatures["serving_default"]
    random = np.random.default_rng(1)
    texts = [
        tf.constant([
            "".join(f" {n}" for n in random.integers(0, VOCABULARY - 8, count)) for count in batch
        ])
        for batch in lengths
    ]  # fmt: skip

    def translate():
        return [serve(source=batch)["score"].numpy() for batch in texts], loaded

    return translate


def loop(batch):
    """Greedy by `model.predict`, which reads source and target anew for every token."""
    _, _, model, _ = made()
    source, _, _ = pairs()
    source = np.resize(source, [batch, SOURCE])

    def translate():
        written = np.ones([batch, 1], "int32")
        for _ in range(SLOW):
            logits = model.predict(
                {"source": source, "before": written}, batch_size=batch, verbose=0
            )
            best = logits[:, -1].argmax(-1).astype("int32")
            written = np.concatenate([written, best[:, None]], axis=1)

    return translate


def training(turns):
    spent, _ = measured({"ours": (ours, ()), "torch": (torch, ())}, turns)
    print("| training | ms a step | target tokens/s |\n|---|---|---|")
    for name, times in spent.items():
        seconds = statistics.median(times)
        print(f"| {name} | {1000 * seconds:.0f} | {BATCH * TARGET / seconds:,.0f} |")
    print(f"\nspeed / PyTorch: {ratio(spent, 'torch', to='ours'):.2f}\n")


def searching(turns):
    print(f"| {TOKENS} tokens each | batch | greedy, tokens/s | greedy / model.predict "
          "| time of beam 4 / greedy |\n|---|---|---|---|---|")  # fmt: skip
    for batch in (1, 32):
        even = [[SOURCE] * batch]
        spent, _ = measured(
            {"greedy": (graph, (1, even)), "beam": (graph, (4, even)), "loop": (loop, (batch,))},
            turns,
        )
        tokens = {"greedy": TOKENS, "beam": TOKENS, "loop": SLOW}
        spent = {name: [t / tokens[name] for t in times] for name, times in spent.items()}
        print(f"| | {batch} | {batch / statistics.median(spent['greedy']):,.0f} "
              f"| {ratio(spent, 'loop', to='greedy'):.0f} "
              f"| {ratio(spent, 'beam', to='greedy'):.2f} |", flush=True)  # fmt: skip


def lengths(turns):
    """32 texts of mixed lengths in one batch, and sorted into four: seconds a sentence."""
    counts = np.clip(np.random.default_rng(2).gamma(6, 2.2, 32), 3, 40).astype(int)
    parts = np.split(np.sort(counts), 4)
    spent, _ = measured(
        {
            "mixed": (graph, (4, [counts.tolist()])),
            "sorted": (graph, (4, [part.tolist() for part in parts])),
        },
        turns,
    )
    print(f"\n32 sentences of {counts.min()} to {counts.max()} words, time of one mixed batch / "
          f"four sorted ones: {ratio(spent, 'mixed', to='sorted'):.2f}")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=7)
    turns = parser.parse_args().turns
    training(turns)
    searching(turns)
    lengths(turns)


if __name__ == "__main__":
    main()
