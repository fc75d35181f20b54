"""Names to objects: what the installed plugins offer, and the options that they take.

Listing names imports nothing. Each module takes only from those above it.

================  =================================================================================
module            its whole job
================  =================================================================================
``known``         which distribution brings a plugin that is not installed
``metadata``      what is registered under which name, without importing it
``faults``        blame for a plugin that is broken or fails
``loading``       a plugin imported, held to its contract, asked for its options, called
``declarations``  fields, from a task, a plugin or a file
``choices``       the plugins that a task chooses, checked down to their options
``mentions``      the plugins and fields that a task names, checked without importing any
``health``        whether each of the installed plugins loads
================  =================================================================================
"""

from fieldvae.registry.choices import check_choices, distributions, filled_in
from fieldvae.registry.declarations import field_spec, parse_field
from fieldvae.registry.faults import blaming, blaming_authors
from fieldvae.registry.health import Health, examine
from fieldvae.registry.loading import call, load, misfit, options_model
from fieldvae.registry.mentions import check_names
from fieldvae.registry.metadata import (
    KINDS,
    NO_ENCODER,
    SINGULAR,
    Extension,
    extensions,
    names,
    unknown,
)
from fieldvae.signature import POSITIONAL

__all__ = [
    "KINDS",
    "NO_ENCODER",
    "POSITIONAL",
    "SINGULAR",
    "Extension",
    "Health",
    "blaming",
    "blaming_authors",
    "call",
    "check_choices",
    "check_names",
    "distributions",
    "examine",
    "extensions",
    "field_spec",
    "filled_in",
    "load",
    "misfit",
    "names",
    "options_model",
    "parse_field",
    "unknown",
]
