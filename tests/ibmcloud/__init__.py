"""What IBM Cloud is asked, and what becomes of its answers."""
