"""Inverse design, from the section of a task to a store: names become objects here.

===============  ===============================================================================
module           its whole job
===============  ===============================================================================
``section``      the section ``design``, or a file of its own: read, filled in, checked
``composing``    from a section and a trained model to an objective, starts and what is held
``optimizing``   all starts, batch by batch
``labeling``     what came out, judged by fresh realizations, as a labeled dataset
``analysis``     the analysis that is stored beside the designs
``exporting``    files of other programs, of the best designs
``serving``      the command and the call in Python
===============  ===============================================================================
"""
