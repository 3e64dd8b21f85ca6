"""Reports, results, corrections, review and release."""
