"""The site, in Datasette and in a browser."""
