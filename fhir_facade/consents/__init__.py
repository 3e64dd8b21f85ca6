"""What patients keep back from apps and systems: read at the row, on every path."""
