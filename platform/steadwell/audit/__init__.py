"""Who saw or changed what: append-only, in the caller's transaction, failing closed."""
