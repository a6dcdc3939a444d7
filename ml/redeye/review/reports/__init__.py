"""What is written on a change: the page and its comment on a pull request, and several changes in one table.

May import all of `review/`, which imports nothing of it. Begin with `impact_page.py`.
"""
