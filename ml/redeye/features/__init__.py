"""Features as they were known at a time, by Feast: the registry, frames, the online store.

May import warehouse and what lies below it.
Begin with `feast_frames.py`, then `point_in_time.py`.
"""
