"""One module a section of the page: a run's record in, :class:`Section` out.

Every module has one function ``section(record)``, which returns ``None`` where the run has nothing
for it, or a section that says why there is nothing.
"""
