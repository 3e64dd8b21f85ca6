"""What is said to pharmacies and by them, and what happens when nothing is said."""
