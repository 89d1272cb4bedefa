"""Real data, from packages that the user has installed; nothing is redistributed."""
