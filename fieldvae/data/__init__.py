"""Stores, splits, scaling, symmetry and batches: from files to tensors and back.

==============  ==============================================================================
module          its whole job
==============  ==============================================================================
``declarer``    who says what the fields of a store are, and what of it can be changed
``findings``    mistakes collected while a store is read, told all at once
``units``       conversion between units of one dimension
``manifest``    checksums of a store's files
``values``      whether the values of a field are what it declares
``conform``     one variable brought to what its field declares
``samples``     labeled samples checked against the fields that a task declares
``store``       a Zarr group, written whole or not at all, and read back
``scheduling``  where numbered pieces of work are done: here, in threads, processes, a cluster
``hearing``     warnings heard while samples are made
``parts``       finished samples as files of their own, until all are there
``collecting``  a store made sample by sample from an importer or a simulator
``files``       the files that a user named, patterns written out
``arrayfiles``  npy, npz, netCDF and HDF5 files as labeled datasets
``naming``      names, units and labels for arrays that do not say them
``gridded``     the importer ``arrays``
``split``       which samples train, validate and test
``scaling``     physical units to model tensors and back, the one place of that border
``fitting``     offsets and scales from training samples
``pointgroup``  finite groups of rotations and reflections, and what of them a grid allows
``symmetry``    operations that map a grid onto itself, acting on model tensors
``invariance``  whether a symmetry holds of values scaled by a given scaling
``envelope``    where inputs lie outside what was trained on
``batches``     which samples make up each step, and their tensors
==============  ==============================================================================
"""
