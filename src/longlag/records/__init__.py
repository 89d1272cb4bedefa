"""Keep what runs leave behind and read findings out of it; nothing here imports torch."""
