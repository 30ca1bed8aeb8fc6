"""The sample account: one fictional company."""
