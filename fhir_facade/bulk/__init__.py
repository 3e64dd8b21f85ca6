"""Bulk Data Access: many patients' records as NDJSON files, made on a queue of their own."""
