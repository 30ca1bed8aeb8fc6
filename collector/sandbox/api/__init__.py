"""The APIs that the sandbox serves: a module for each service, and how they are served."""
