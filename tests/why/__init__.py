"""Why an identity may do something or not."""
