"""Being let in: letters with a link that works once, and codes that the front desk shows."""
