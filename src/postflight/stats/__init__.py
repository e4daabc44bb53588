"""Pure statistics. No I/O.

`eprocess` holds the sequential test, `rates` and `latencies` what one block says in it, `control` what the previous
deployment says about that; `streaks` the rules without statistics, `floor` how much evidence a claim needs, `rules` the
triggers of a plan. `simulation` tries them all on traffic that never was; it alone needs numpy.
"""
