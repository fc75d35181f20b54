"""The report's figures: stored numbers in, :class:`~fieldvae.report.style.Plot` out."""
