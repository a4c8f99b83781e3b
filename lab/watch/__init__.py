"""What is happening now, or in the demo month, on one screen."""
