"""What the site tells, for the hooks in plugins/, which Datasette loads, and for their templates.

Datasette loads each file of plugins/ by itself, from the package or, under `datasette .`, straight
from the folder; what they share is here, where Python keeps one of each.
"""
