"""Worked examples of the lab: each is one command, prints its figures, and draws a picture."""
