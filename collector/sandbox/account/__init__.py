"""A fictional account, built a line at a time."""
