"""The demo's door: one click signs a newcomer in as a made-up person. Production has no such address."""
