"""What runs inside the warm process, and nothing else does.

Kernels are forks of this process and inherit its memory, so these modules import the standard library only, and one
another by relative names: they are loaded as a package `warm` of their own, without `cs_cnn` around it.
"""
