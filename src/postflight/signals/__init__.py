"""Streams for the watch. Each source says, block by block, what it saw; none of them judges.

`reading` holds what they return, `probes` our own requests, `prometheus` the platform's counters, `error_table` its log
of errors. A source that could not see says so (`Missing`): that is never good.
"""
