"""The four services, simulated: their real steps, desks, savers and publishers in one process, on a
broker, a database, a network and clocks that are only imagined, and go wrong as a seed has it.

    python -m tests.simulation --seed 7          plays one schedule again, exactly
    python -m tests.simulation --seeds 1000      plays as many, and names the seeds that fail

    Random(seed) ─┬─► life      what residents, departments and officers do      (`life`)
                  ├─► faults    who dies, freezes, joins, and which answer is lost (`faults`)
                  └─► network   how long everything takes                        (`network`)
                                        │
    loop ─► processes ─► broker, store ─► History ─► tests.invariants

The rule to remember: **nothing here knows the time or throws a coin of its own**. A seed decides
all, so a failure that was seen once is seen as often as one likes.
"""
