"""Secure conversations between patients and care teams."""
