"""Settings: a base, and small dev, test and prod beside it."""
