"""The doors: who is counted, who is kept out for a while, and what is written down about it."""
