"""What is said before an exception ends: to whom, once, and with which numbers."""
