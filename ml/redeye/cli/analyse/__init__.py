"""Commands that ask what happened and why: verdicts, one prediction, past nights again, a season."""
