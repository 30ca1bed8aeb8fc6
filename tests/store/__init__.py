"""The file: its history, and files of earlier versions."""
