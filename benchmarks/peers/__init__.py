"""The same stateful task for other engines and for ours, in one run: see the README above."""
