"""Measurements: ``python3 manage.py bench NAME --json``. Never asserted as seconds in a test."""
