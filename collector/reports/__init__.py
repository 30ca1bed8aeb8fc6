"""Reports: read from files, assembled for the site, counted, printed."""
