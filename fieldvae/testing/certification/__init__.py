"""Checks of what plugins promise, for the tests of whoever writes one.

Each check makes the plugin on small grids of one, two and three dimensions and raises a
:class:`~fieldvae.PluginError` that says what was found, what was expected and how to mend it.

================  =================================================================================
module            what it holds
================  =================================================================================
``trials``        the grids, fields and values that plugins are tried on
``laws``          what every network obeys: shapes, devices, gradients, batches, saving
``networks``      smoothers, encoders, decoders, priors
``losses``        losses, on a small model
``quantities``    quantities, on random fields in physical units
``sources``       importers and simulators
``declarations``  fields and tasks
================  =================================================================================
"""
