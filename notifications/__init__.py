"""What people are told, through which channel, and proof that they were."""
