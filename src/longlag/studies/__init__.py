"""Run a study: its points, its stages and the workers that carry them."""
