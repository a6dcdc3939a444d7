"""The room audits."""
