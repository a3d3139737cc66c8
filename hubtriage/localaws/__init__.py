"""The local AWS: Security Hub and the services around it, on one machine."""
