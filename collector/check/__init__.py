"""Holds proposed policies and Terraform plans against rules and against a collected file.

documents reads JSON with the place of each entry; policies and terraform make proposals of it;
overlay derives what they mean beside the file's own facts; a check then compares.
"""
