"""Tries changes of an account: what they would do to access, without asking IBM Cloud anything."""
