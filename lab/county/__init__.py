"""A county's starting set of reference data, from a gazetteer."""
