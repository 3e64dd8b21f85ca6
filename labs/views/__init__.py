"""Pages: parse, ask one service, render."""
