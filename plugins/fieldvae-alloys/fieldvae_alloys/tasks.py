"""What can be learned about an alloy."""

from __future__ import annotations

from fieldvae import Task

STRESS = Task(
    inputs=("concentration", "warren_cowley"),
    outputs=("residual_stress",),
    description="Residual stress given concentration and short-range order (arXiv:2604.02281).",
    defaults={
        # For blocks of whole unit cells: half of the cubic operations about a corner of blocks map
        # sites onto sites exactly, the others but for atoms on the edges of blocks.
        "symmetry": ["cubic", "translations"],
        # Annealing temperature, missing for random alloys: every part gets its share of each.
        "data": {"stratify": "temperature"},
    },
    # The authors augment with nothing, and scales by voxel would break every symmetry.
    presets={"paper": {"symmetry": ["none"]}},
)
"""The stress task of the paper."""
