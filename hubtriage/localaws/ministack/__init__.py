"""What Security Hub's emulator adds to ministack, without changing its files.

All that is used of ministack's internals is named in `internals`: no other room touches them.
"""
