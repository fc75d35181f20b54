"""Figures and one self-contained page from a run's stored numbers; nothing new is computed here.

================  ===============================================================================
module            its whole job
================  ===============================================================================
``record``        the files of a run directory, read
``style``         colors, sizes, names of models and components; a figure as PNG
``figures``       one module a figure: stored numbers in, figure with caption out
``tables``        scores as rows of text
``sections``      one module a section of the page
``rendering``     the template of all pages, filled in
``page``          all of it on one page
``alternatives``  the page of a comparison of several runs
================  ===============================================================================
"""

from fieldvae.report.page import write_report

__all__ = ["write_report"]
