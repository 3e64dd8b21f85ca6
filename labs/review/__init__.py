"""Reading results: who has to, who did, what they said, and what happens when nobody does."""
