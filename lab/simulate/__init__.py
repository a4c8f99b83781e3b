"""A county that does not exist yet: habits fitted from a log, and lived through by the pure core."""
