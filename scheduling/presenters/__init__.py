"""What people read about times and visits: strings only, so that templates decide nothing."""
