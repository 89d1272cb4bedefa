"""A results folder in the browser: read-only, over HTTP, from records alone."""
