"""Elastic moduli of a fine-grained composite, and the stresses that they cause under load.

==============  ================================================================================
module          its whole job
==============  ================================================================================
``fields``      what the fields are
``tasks``       what is learned from what
``quantities``  what is read off the stresses
``medium``      how phases are arranged, and their moduli; numpy alone
``balance``     the stresses of an elastic medium under load; numpy alone
``simulator``   samples for a store
==============  ================================================================================
"""
