"""What is derived from what IBM Cloud said."""
