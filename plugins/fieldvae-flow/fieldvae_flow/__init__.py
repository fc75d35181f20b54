"""Conditional flow matching for fieldvae: the decoder ``flow`` and the loss ``flow_matching``."""

from fieldvae_flow.decoder import FlowDecoder
from fieldvae_flow.matching import flow_matching
from fieldvae_flow.transport import transport
from fieldvae_flow.velocity import VelocityNetwork

__all__ = ["FlowDecoder", "VelocityNetwork", "flow_matching", "transport"]
