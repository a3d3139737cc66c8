"""What readers ask of a hub: findings by filter, and their history, page by page."""
