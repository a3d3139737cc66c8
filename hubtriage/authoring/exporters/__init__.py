"""Rules of ours, turned into rules of other tools where these can say exactly the same."""
