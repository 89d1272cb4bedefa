"""Build the network around a recurrence: front, layers, head, and the size that meets a budget."""
