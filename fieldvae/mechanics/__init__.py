"""What mechanics asks of stresses and strains on a grid: balance of forces and compatibility."""

from fieldvae.mechanics.derivative import difference, wave_vectors
from fieldvae.mechanics.kinds import Kind, is_tensor, kind_of
from fieldvae.mechanics.medium import block_response
from fieldvae.mechanics.residual import Residual, compatibility, equilibrium
from fieldvae.mechanics.solenoidal import solenoidal_projector

__all__ = [
    "Kind",
    "Residual",
    "block_response",
    "compatibility",
    "difference",
    "equilibrium",
    "is_tensor",
    "kind_of",
    "solenoidal_projector",
    "wave_vectors",
]
