#!/usr/bin/env python3
"""Trains the model from a pack: ./train.py PACK OUT_FOLDER [--seconds 400] [--compile]. Needs torch, tokenizers and
safetensors, and one GPU; without a GPU it runs, too slowly for more than a trial. Same seed, same data: the same
batches in the same order; how many of them fit into the time depends on the machine."""

import argparse
import json
import math
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer

from training.batches import Batches
from training.export import export
from training.loss import contrast
from training.measure import Measure
from training.model import Embedder, Shape
from training.texts import read_pack, read_tests

WARM_UP_STEPS = 200
PEAK, EMBEDDING_PEAK = 2e-3, 4e-3
FIRST_SCALE, MOST_SCALE = 20.0, 60.0
LOOK_EVERY = 50.0
# How many of the training descriptions stand beside the held-out ones that are looked at while training.
OTHERS = 9_000


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, default=400, help="time for training itself")
    parser.add_argument("--compile", action="store_true", help="compile the layers with torch.compile")
    parser.add_argument("--seed", type=int, default=8)
    return parser.parse_args()


def make_optimizer(model, scale):
    matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and not n.startswith("embed")]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    groups = [
        {"params": matrices, "peak": PEAK, "weight_decay": 0.02},
        {"params": vectors, "peak": PEAK, "weight_decay": 0.0},
        {"params": [model.embed_tokens.weight], "peak": EMBEDDING_PEAK, "weight_decay": 0.0},
        {"params": [scale], "peak": PEAK, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=PEAK, betas=(0.9, 0.98), eps=1e-8)


def compile_layers(model):
    """One graph serves all layers; it is made anew once, when a second shape of batch comes."""
    for layer in model.layers:
        layer.compile()


def set_rate(optimizer, step, progress):
    """Rises over the first steps, falls with a cosine of the time."""
    shape = min(1.0, (step + 1) / WARM_UP_STEPS) * (0.5 + 0.5 * math.cos(math.pi * progress))
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * max(shape, 0.002)


def train(model, batches, seconds, look):
    """Steps until the time is over; `look(elapsed)` after each."""
    device = next(model.parameters()).device
    scale = torch.nn.Parameter(torch.tensor(math.log(FIRST_SCALE), device=device))
    optimizer = make_optimizer(model, scale)
    started, step, tokens, sums = time.time(), 0, 0, {}
    while (elapsed := time.time() - started) < seconds:
        set_rate(optimizer, step, elapsed / seconds)
        name, queries, documents = batches.draw()
        a, b = model(queries.ids, queries.lengths), model(documents.ids, documents.lengths)
        temperature = scale.exp().clamp(max=MOST_SCALE)
        loss = contrast(a, b, temperature, queries.texts, documents.texts)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step, tokens = step + 1, tokens + queries.ids.numel() + documents.ids.numel()
        total, count = sums.get(name, (0.0, 0))
        sums[name] = (total + loss.detach(), count + 1)
        if step % 8 == 0 and device.type == "cuda":
            torch.cuda.synchronize()  # so that the clock above tells the truth
        if look(elapsed):
            rates = {n: round(float(t) / c, 3) for n, (t, c) in sorted(sums.items()) if c}
            print(f"{elapsed:.0f} s, step {step}, {tokens / 1e6 / max(elapsed, 1):.2f} M tokens/s, scale {float(temperature.detach()):.1f}", rates, flush=True)
            sums = {}
    return {"steps": step, "tokens": tokens, "seconds": round(time.time() - started)}


class Observer:
    """Looks at held-out pairs now and then, prints their figures and keeps the weights that were best."""

    def __init__(self, model, report):
        self.model, self.report = model, report
        self.next_look, self.best, self.weights = LOOK_EVERY, 0.0, None

    def __call__(self, elapsed):
        if elapsed < self.next_look:
            return False
        self.next_look = elapsed + LOOK_EVERY
        self.look()
        return True

    def look(self):
        figures = self.report()
        print("dev:", json.dumps(figures), flush=True)
        score = figures["recall@10/256"] + figures["recall@1/256"]
        if score > self.best:
            self.best = score
            self.weights = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}


def main():
    arguments = parse_arguments()
    torch.manual_seed(arguments.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = True
    tokenizer_folder = arguments.pack / "tokenizer"
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    table, kinds, languages = read_pack(arguments.pack, tokenizer, device)
    print({n: r.shape[1] for n, r in kinds.items()}, {"-".join(p): r.shape[1] for p, r in languages.items()}, flush=True)
    model = Embedder(Shape(vocabulary=tokenizer.get_vocab_size())).to(device)
    if arguments.compile:
        compile_layers(model)
    measure, tests = Measure(tokenizer, device), read_tests(arguments.pack)
    untrained = measure.report(model, tests["test"])
    print("random weights:", json.dumps(untrained), flush=True)
    descriptions = kinds["package"][1]
    others = [table.texts[i] for i in descriptions[:: max(1, len(descriptions) // OTHERS)].tolist()]
    observer = Observer(model, lambda: measure.report(model, tests["dev"], others))
    log = train(model, Batches(table, kinds, languages, arguments.seed), arguments.seconds, observer)
    observer.look()
    model.load_state_dict(observer.weights)
    export(model, tokenizer_folder, arguments.out)
    figures = measure.report(model, tests["test"])
    print("test:", json.dumps(figures), flush=True)
    measure.examples(model)
    (arguments.out / "training.json").write_text(json.dumps({**log, "seed": arguments.seed, "test": figures, "random": untrained}, indent=2) + "\n")


if __name__ == "__main__":
    main()
