"""What an arrivals audit computes of a night before it judges it.

`flights` and `weather` add columns to each row that must agree with the others (arithmetic, geography,
physics); `profiles` makes one row per night and relates it to earlier nights. The bounds are not here:
they are in `expectations/arrivals/`, each with its reason.
"""
