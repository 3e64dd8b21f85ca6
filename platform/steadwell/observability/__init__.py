"""Traces, clinical metrics, logs without patient data, and health."""
