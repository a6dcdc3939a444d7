-- Expiring snapshots is fenced as well; a statement's trigger returns nothing that counts.
CREATE OR REPLACE TRIGGER fence_expiry BEFORE DELETE ON public.ducklake_snapshot
FOR EACH STATEMENT EXECUTE FUNCTION ledger.fence_commit();
