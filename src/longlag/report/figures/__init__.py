"""Vector figures, one kind a file: each takes rows of runs and gives back an SVG text."""
