"""The page shell, its components, the panel registry and static files."""
