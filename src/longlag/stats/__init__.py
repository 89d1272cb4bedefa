"""Intervals, aggregates and comparisons in plain NumPy and SciPy: no torch here."""
