"""A new project: from a sample of its data and ten answers to a folder of declarations that runs as it is.

Begin with `answers.py`: what is asked. `write_project.py` fills `templates/`, whose files are the project's.
"""
