"""Real parts under fire: three brokers, three mongods, four services, and a checker at the end.

python -m tests.torture --minutes 30      make torture MINUTES=30

load ─► proxies ─► brokers (replication 3, min.insync 2) ─┐
  faults: kill -9, SIGSTOP, cuts, delays, step-downs       ├─► History ─► tests.invariants
services ─► mongods (a replica set of three) ─────────────┘
"""
