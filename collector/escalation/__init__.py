"""What is known about privilege escalation in IBM Cloud IAM: one YAML file for each path."""
