"""Reports, and how they are counted and printed."""
