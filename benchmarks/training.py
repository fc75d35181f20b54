"""CPU time of a training epoch beside its bare steps: forward, backward, optimizer.

    python benchmarks/training.py TASK.yaml [--set key=value ...]

What remains over the bare steps is shuffling, augmentation, weight averaging and validation.
Both run in the same process, in turn, on one thread; the median ratio of five pairs is printed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import torch

from fieldvae.training import scheduled, train
from fieldvae.workflow.assembly import loss_terms
from fieldvae.workflow.filling import make_plan
from fieldvae.workflow.preparing import prepare
from fieldvae.workflow.rehearsing import rehearsed

PAIRS = 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", type=Path)
    parser.add_argument("--set", action="append", default=[], dest="settings")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    prepared = prepare(make_plan(arguments.task, [*arguments.settings, "training.epochs=1"]))
    spec, options = prepared.spec, prepared.choices.options
    network = rehearsed(prepared)
    terms = loss_terms(spec, options)
    data = prepared.scaled(prepared.split.train)
    held_out = prepared.scaled(prepared.split.validation)
    size = spec.training.batch
    steps = max(1, len(prepared.split.train) // size)

    def whole() -> None:
        for _ in train(
            network, terms, data, held_out, settings=spec.training, augment=prepared.augment
        ):
            pass

    def bare() -> None:
        optimizer = torch.optim.AdamW(network.parameters())
        network.train()
        inputs, outputs = ({name: x[:size] for name, x in part.items()} for part in data)
        for _ in range(steps):
            forward = network(inputs, outputs)
            loss = torch.stack(
                [scheduled(term.weight, 0) * term.loss(forward) for term in terms]
            ).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    ratios, times = [], []
    for _ in range(PAIRS):
        taken = []
        for work in (bare, whole):
            start = time.process_time()
            work()
            taken.append(time.process_time() - start)
        times.append(taken[0] / steps)
        ratios.append(taken[1] / taken[0])
    print(f"bare step: {1e3 * statistics.median(times):.1f} ms of CPU, batch {size}")
    print(f"epoch over its {steps} bare steps: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
