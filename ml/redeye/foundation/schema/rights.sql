-- After every migration, in its transaction: a ledger may be added to, never rewritten. {role} is the role of
-- the database; what a revision has made is covered without its saying so.
GRANT USAGE ON SCHEMA ledger TO {role};
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ledger TO {role};
REVOKE INSERT ON ledger.lease FROM {role};
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ledger TO {role};
