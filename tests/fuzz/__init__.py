"""Bytes that nobody would write, at every door: each is taken or refused with a reason."""
