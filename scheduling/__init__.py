"""Availability, holds, bookings and the clinic's day."""
