"""What is learned from what."""

from __future__ import annotations

from fieldvae import Task

ELASTIC_RESPONSE = Task(
    inputs=("elastic_moduli",),
    outputs=("block_stress",),
    description="Stress of blocks stretched along x, given their mean elastic moduli.",
    defaults={
        # Stretched along x, a medium of cubic phases knows a quarter turn about x and mirrors
        # of x and of y; these generate 16 operations.
        "symmetry": [
            "translations",
            [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
            [[-1, 0, 0], [0, 1, 0], [0, 0, 1]],
            [[1, 0, 0], [0, -1, 0], [0, 0, 1]],
        ]
    },
)
"""For the simulator's default load; another load has another symmetry."""
