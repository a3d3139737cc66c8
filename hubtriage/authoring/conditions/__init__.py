"""Read a rule's `match` and `when`: put lists in, and check them with the engine's compilers."""
