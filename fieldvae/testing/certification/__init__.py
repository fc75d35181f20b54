"""Checks of what plugins promise, for the tests of whoever writes one.

Each check makes the plugin on small grids of one, two and three dimensions and raises a
:class:`~fieldvae.PluginError` that says what was found, what was expected and how to mend it.

=================  ================================================================================
module             what it holds
=================  ================================================================================
``specimens``      the grids, fields and values that plugins are tried on
``options``        the options that they are tried with
``trials``         the way through every check: held to its laws where it does not refuse
``tensors``        tensors compared, and gradients that reach them
``network_trial``  a network as it is made and called for one grid and layout
``laws``           what every network obeys: shapes, devices, gradients, batches, saving
``passes``         what a network of each kind gives
``networks``       smoothers, encoders, decoders, priors
``small_model``    the model that losses are tried on
``losses``         losses, on a small model
``quantities``     quantities, on random fields in physical units
``sources``        importers and simulators
``declarations``   fields and tasks
=================  ================================================================================
"""
