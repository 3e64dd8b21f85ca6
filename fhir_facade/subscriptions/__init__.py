"""Subscriptions: clients are told of what they may read, as it happens (R4 rest-hook, R5 backport)."""
