"""The sandbox against its documentation and IBM's own client."""
