"""From atoms to coarse-grained fields: simulators and importers for fieldvae."""
