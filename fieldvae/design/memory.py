"""How many starts fit into memory at a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

SHARE = 0.5
"""Share of the free memory that is used: intermediate results of a backward pass come on top of
what a forward pass keeps."""

ASSUMED = 4 * 1024**3
"""Free bytes that are counted on where the system tells of none."""

TRIAL = (1, 3)
"""Numbers of starts whose difference shows what one more needs."""


def fitting_starts(judge: Callable[[int], Tensor], starts: int, *, device: torch.device) -> int:
    """Return how many starts can be worked on at a time.

    Parameters
    ----------
    judge
        Judges so many starts, with gradients.
    starts
        How many there are.
    device
        Where they are judged.
    """
    few, more = (_kept(judge, min(count, starts)) for count in TRIAL)
    each = max(1, (more - few) // max(1, min(TRIAL[1], starts) - min(TRIAL[0], starts)))
    room = int(SHARE * _free(device))
    batches = -(-starts // max(1, min(starts, (room - few) // each)))
    return -(-starts // batches)  # batches of one size


def _kept(judge: Callable[[int], Tensor], count: int) -> int:
    """Bytes that a forward pass keeps for its backward pass, each storage once."""
    sizes: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        sizes[storage.data_ptr()] = storage.nbytes()
        held.append(tensor)  # keeps its address from being used again
        return tensor

    held: list[Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        judge(count)
    return sum(sizes.values())


def _free(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        lines = meminfo.read_text(encoding="ascii").splitlines()
        for line in lines:
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    told = getattr(os, "sysconf", None)  # of which Windows has none
    return ASSUMED if told is None else told("SC_PHYS_PAGES") * told("SC_PAGE_SIZE") // 2
