"""Time in which a clinician cannot be booked: how it is claimed, planned, and a day called off."""
