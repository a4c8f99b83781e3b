"""How fast it is, beside the least that anybody could do with the same broker: see the README."""
