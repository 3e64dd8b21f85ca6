"""The demo clinic's medicines."""
