"""What an operator may do from the pages: what an action is, and every action, by what it is about."""
