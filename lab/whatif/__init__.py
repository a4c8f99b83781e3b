"""What if other rules had held: a log decided again, case by case."""
