"""Who people are where they log in with accounts of their own: settings, names, roles and rights."""
