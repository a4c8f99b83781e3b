"""A case's deadlines as a timeline: which clock ran when, what was due when, and by which rule."""
