"""CPU time of inverse design beside its bare passes, and of many starts beside one by one.

    python benchmarks/design.py RUN [DESIGN.yaml] [--starts 200] [--iterations 5] [--device cpu]

The bare passes are the network's forward and backward passes through the same realizations, from
the scaled inputs to the sum of the squared outputs. What the loop adds are physical units, the
quantity, its statistic, constraints, optimizer, fresh numbers and the record. One start after the
other is measured on a few starts. Everything runs in the same process, in turn, on one thread of
a CPU; medians are printed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from fieldvae.design.descent import frozen
from fieldvae.workflow import keeping
from fieldvae.workflow.designs.composing import OPTIMIZED, Composition, compose
from fieldvae.workflow.designs.optimizing import descended
from fieldvae.workflow.designs.serving import design_of, training_part

ROUNDS = 5
SINGLES = 4
"""Starts that are optimized one after the other."""

DESIGN = {
    "vary": {"concentration": {"mean": "equal"}},
    "hold": {"warren_cowley": 0.0},
    "goal": {"maximize": "second_moment", "of": "resolved_shear_stress"},
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("design", type=Path, nargs="?")
    parser.add_argument("--starts", type=int, default=200)
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = keeping.load(arguments.run, device=arguments.device)
    settings = [f"starts={arguments.starts}", f"iterations={arguments.iterations}", "record=[]"]
    spec = design_of(arguments.run, model, arguments.design or DESIGN, settings)
    composition = compose(model, spec, training_part(model))
    cuda = arguments.device == "cuda"

    def timed(work: Callable[[], None]) -> float:
        if cuda:
            torch.cuda.synchronize()
        clock = time.perf_counter if cuda else time.process_time
        start = clock()
        work()
        if cuda:
            torch.cuda.synchronize()
        return clock() - start

    def loop() -> None:
        descended(composition, range(spec.starts), range(spec.iterations))

    def singles() -> None:
        for start in range(SINGLES):
            descended(composition, [start], range(spec.iterations))

    bare = bare_passes(composition, spec.iterations)
    works = (bare, loop, singles)
    for work in works:
        work()
    rounds = [[timed(work) for work in works] for _ in range(ROUNDS)]
    each = statistics.median(times[1] for times in rounds) / spec.iterations
    over = statistics.median(times[1] / times[0] for times in rounds)
    ratio = statistics.median(times[2] * spec.starts / SINGLES / times[1] for times in rounds)
    print(f"an iteration of {spec.starts} starts: {1e3 * each:.0f} ms")
    print(f"loop over bare forward and backward passes: {over:.2f}")
    print(f"one start after the other over all in one batch: {ratio:.1f}")


def bare_passes(composition: Composition, iterations: int) -> Callable[[], None]:
    """Return the network's passes alone, as many as the loop makes: one for the last judgment."""
    spec, network = composition.spec, composition.model.network
    starts = range(spec.starts)
    varied, held = composition.rows(starts)
    variables = composition.objective.variables
    coordinates = {name: variables[name].coordinates(x) for name, x in varied.items()}
    inputs = composition.objective.inputs(coordinates, held)
    leaves = {name: inputs[name].requires_grad_() for name in inputs if name not in held}
    draws = composition.draws(starts, count=spec.latent.realizations, stream=OPTIMIZED)
    encoded = spec.self_check.realizations if composition.objective.recognition else 0

    def forward() -> torch.Tensor:
        conditions = network.smooth({**leaves, **held})
        outputs = network.realize_from(conditions, draws.latent, draws.noise)
        total = torch.stack([y.square().sum() for y in outputs.values()]).sum()
        if encoded:
            some = {name: y[:encoded].flatten(0, 1) for name, y in outputs.items()}
            recovered = network.encode(some).recovered
            total = total + torch.stack([c.square().sum() for c in recovered.values()]).sum()
        return total

    def work() -> None:
        with frozen(network):
            for _ in range(iterations):
                forward().backward()
            with torch.no_grad():
                forward()

    return work


if __name__ == "__main__":
    main()
