"""What the pages about medicines say: words and rows, made of what the service answers."""
