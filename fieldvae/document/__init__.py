"""A YAML file whose every value knows its line and column."""

from fieldvae.document.changing import dump_yaml, merge, override
from fieldvae.document.reading import Document, Loc, parse_document, read_document
from fieldvae.document.slips import closed_up

__all__ = [
    "Document",
    "Loc",
    "closed_up",
    "dump_yaml",
    "merge",
    "override",
    "parse_document",
    "read_document",
]
