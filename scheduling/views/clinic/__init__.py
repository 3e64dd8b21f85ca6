"""The clinic's own pages: its calendar, booking for patients, arrivals, clinicians' time, requests."""
