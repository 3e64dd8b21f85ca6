"""Invitations of the clinic to many people: worked out first, then told in paced batches."""
