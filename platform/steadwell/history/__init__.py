"""Append-only versions with valid time and recorded time."""
