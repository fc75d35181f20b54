"""Several runs of one task that differ in keys: sweeps over seeds, and learning curves.

=============  ===============================================================================
module         its whole job
=============  ===============================================================================
``varying``    from keys and their values to runs, before anything large is imported
``running``    the runs made one after the other, going on where an earlier call stood
``processes``  several runs at a time, each in a process of its own
``serving``    sweeps and learning curves, as commands and as calls in Python
``curves``     scores against the number of training samples, from stored numbers
=============  ===============================================================================
"""
