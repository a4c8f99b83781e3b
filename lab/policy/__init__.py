"""Which limits and rules would meet a goal: proposed on some months, tried on others."""
