"""Why an identity may do something or not: the policies that grant it, and those that nearly do."""
