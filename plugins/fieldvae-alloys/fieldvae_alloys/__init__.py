"""Alloy fields and tasks for fieldvae: composition, order, stress and eigenstrain of blocks."""

from fieldvae_alloys.fields import CONCENTRATION, EIGENSTRAIN, RESIDUAL_STRESS, WARREN_COWLEY
from fieldvae_alloys.tasks import COUPLED, EIGENSTRAIN_TASK, STRESS

__all__ = [
    "CONCENTRATION",
    "COUPLED",
    "EIGENSTRAIN",
    "EIGENSTRAIN_TASK",
    "RESIDUAL_STRESS",
    "STRESS",
    "WARREN_COWLEY",
]
