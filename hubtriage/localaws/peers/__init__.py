"""Peers: doubles of services outside AWS, over HTTP, with their limits, errors and delays."""
