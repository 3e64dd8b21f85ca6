"""Refills: asked for, decided, sent, answered."""
