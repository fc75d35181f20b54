"""Quantities derived from physical fields: named, called, judged for reliability."""
