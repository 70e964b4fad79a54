"""How a net is trained: the settings of a run, and what each of them means.

`settings` lists them all; `schedules`, `optimisers`, `precision` and `augmentation` carry them out.
"""
