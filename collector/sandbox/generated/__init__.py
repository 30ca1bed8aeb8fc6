"""Accounts of a chosen size."""
