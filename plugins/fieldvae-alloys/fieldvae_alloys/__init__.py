"""Alloy fields and tasks for fieldvae: concentration, Warren-Cowley parameters, residual stress."""

from fieldvae_alloys.fields import CONCENTRATION, RESIDUAL_STRESS, WARREN_COWLEY
from fieldvae_alloys.tasks import STRESS

__all__ = ["CONCENTRATION", "RESIDUAL_STRESS", "STRESS", "WARREN_COWLEY"]
