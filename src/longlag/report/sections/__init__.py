"""The parts of the report, one a file: each takes the study and gives back a section."""
