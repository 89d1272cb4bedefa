"""One run, from a config to a record; the store of records; the sweep over them."""
