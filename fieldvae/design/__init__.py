"""Inverse design: inputs whose outputs have the statistics asked for (Algorithm 2).

================  ===============================================================================
module            its whole job
================  ===============================================================================
``variables``     an input as the optimizer sees it, and the set that it must stay in
``following``     inputs that follow those that vary
``starts``        where optimizations start
``statistics``    statistics of a quantity over realizations and cells
``draws``         the standard-normal numbers behind realizations
``objective``     what is minimized, term by term
``descent``       the loop
``memory``        how many starts fit into memory at a time
================  ===============================================================================
"""
