"""What Security Hub's emulator adds to ministack, without changing its files.

`internals` names every internal of ministack that is used; no other folder touches them.
"""
