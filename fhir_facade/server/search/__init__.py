"""Searches: the query read, compiled to SQL, run page by page."""
