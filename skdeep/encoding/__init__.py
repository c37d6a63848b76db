"""User data to arrays and back: images, texts, targets, rows by content."""
