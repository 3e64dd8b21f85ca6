"""Carrying messages outside: who takes them, how each ends, and what is known when nobody answers."""
