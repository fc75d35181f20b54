"""What can be learned about an alloy."""

from __future__ import annotations

from fieldvae import Task

_DEFAULTS = {
    # For blocks of whole unit cells: half of the cubic operations about a corner of blocks map
    # sites onto sites exactly, the others but for atoms on the edges of blocks.
    "symmetry": ["cubic", "translations"],
    # Annealing temperature, missing for random alloys: every part gets its share of each.
    "data": {"stratify": "temperature"},
}

# Stress of eigenstrains in an elastic medium: nearer the truth on boxes longer than training's.
_ELASTIC = {"model": {"decoder": {"use": "elastic"}}}

# The authors augment with nothing, and scales by voxel would break every symmetry.
_PAPER = {"symmetry": ["none"]}

STRESS = Task(
    inputs=("concentration", "warren_cowley"),
    outputs=("residual_stress",),
    description="Residual stress given concentration and short-range order (arXiv:2604.02281).",
    defaults=_DEFAULTS,
    presets={"default": _ELASTIC, "paper": _PAPER},
)
"""The stress task of the paper."""

EIGENSTRAIN_TASK = Task(
    inputs=("concentration", "warren_cowley"),
    outputs=("eigenstrain",),
    description="Eigenstrain given concentration and short-range order (arXiv:2604.02281).",
    defaults=_DEFAULTS,
    presets={"paper": {**_PAPER, "model": {"condition": 40}}},
)
"""The paper's framework from composition and order to eigenstrain (Fig. 9), conditions 40 wide."""

COUPLED = Task(
    inputs=("concentration", "warren_cowley", "eigenstrain"),
    outputs=("residual_stress",),
    description=(
        "Residual stress given concentration, short-range order and eigenstrain (arXiv:2604.02281)."
    ),
    defaults=_DEFAULTS,
    presets={"default": _ELASTIC, "paper": {**_PAPER, "model": {"condition": 40}}},
)
"""The paper's framework with eigenstrain as a third input (Fig. 9), conditions 40 wide."""
