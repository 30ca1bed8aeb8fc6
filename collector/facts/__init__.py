"""What is derived from what IBM Cloud said, once in each collect: a file for each fact."""
