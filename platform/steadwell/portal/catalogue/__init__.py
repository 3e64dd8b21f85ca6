"""The message catalogue without gettext's own tools, which a bare machine does not have."""
