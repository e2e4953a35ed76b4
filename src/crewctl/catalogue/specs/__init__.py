"""The shapes of every file a user writes."""
