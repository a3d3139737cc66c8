"""What commands print, for people and programs."""
