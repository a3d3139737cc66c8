"""What the commands about tickets share: the table of a deployed stack, and how tickets are shown."""
