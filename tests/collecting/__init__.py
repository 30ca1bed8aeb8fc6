"""A collect as a whole."""
