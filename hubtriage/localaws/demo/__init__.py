"""The demonstration: the deployed stack triages findings on the local AWS; each is accounted for."""
