"""Commands for a change of the project: sandboxes, impact, scaffolds, house rules, generated docs."""
