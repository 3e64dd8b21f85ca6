"""Providers on loopback that speak the real protocols and misbehave where they are told to.

A process of its own, for tests, benches and the demonstration. Nothing of it is part of production.
"""
