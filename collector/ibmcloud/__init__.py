"""What IBM Cloud is asked: endpoints, credentials, requests, and rows made of answers."""
