"""What happened to findings: their writes, and the pages in which a hub tells of them."""
