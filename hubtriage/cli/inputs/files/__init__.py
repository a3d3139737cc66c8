"""Files that commands read whole, and files that they write page by page."""
