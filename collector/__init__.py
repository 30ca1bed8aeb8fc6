"""IAM insights: who can do what in an IBM Cloud account."""

__version__ = "0.1.0"
