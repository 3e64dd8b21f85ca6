"""The laboratory of the demo: made-up results of made-up people."""
