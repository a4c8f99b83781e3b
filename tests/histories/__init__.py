"""Histories: logs that were decided once, held against today's code.

    python -m tests.histories     renews them, when a change of decisions is meant

A history is a rehearsed log (`.jsonl.gz`) and the rules that it was decided under (`.rules.json.gz`).
"""
