"""What runs in AWS: the triage function, the sweep and the mode switch, with their clients of AWS."""
