"""Policies from history: which limit would have given these due times?

    (kind, reported, due) ─► limits ─► which limits could each row have had?
                          ─► policies ─► per kind: one limit, or several with the days they began
                          ─► writing ─► deadlines.yaml, with the share that each row explains

The rule to remember: **a row counts for every limit that explains it to the minute**. Ten working
days and fourteen calendar days look alike in a plain week; the weeks with a holiday, and what came
in at night, tell them apart.
"""
