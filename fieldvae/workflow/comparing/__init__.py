"""Finished runs beside each other, from their stored numbers; no network is loaded.

=============  ===============================================================================
module         its whole job
=============  ===============================================================================
``checking``   which directories can be compared, before anything large is imported
``differing``  in which keys tasks differ, in few words
``reading``    what is stored in a run, as an alternative among others
``serving``    the command and the call in Python
=============  ===============================================================================
"""
