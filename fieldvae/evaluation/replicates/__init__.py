"""Scores against replicates: several true outputs of one input, which show the law itself.

A single truth scores a law in the mean over many inputs. Replicates score it input by input, and
their own scores are the limit of what any model can reach.
"""

from fieldvae.evaluation.replicates.scoring import score_replicates

__all__ = ["score_replicates"]
