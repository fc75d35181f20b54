"""New plugins: a working distribution to start from.

=============  ================================================================================
module         what it holds
=============  ================================================================================
``kinds``      what kinds of plugin there are templates for
``naming``     the names that a plugin's own name gives, and those that are taken
``writing``    the files
=============  ================================================================================

``templates`` holds the files as Jinja templates: those of every distribution in its top folder,
those of a kind in a folder of that kind.
"""
