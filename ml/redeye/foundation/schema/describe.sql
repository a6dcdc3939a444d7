-- What guards the ledgers and the lake's catalog: triggers, keys and checks, functions, owners and rights, as one object
-- of a text for each. A form that does not depend on the order in which rights were given.
SELECT jsonb_object_agg(said.name, said.form) FROM (
    SELECT format('trigger %s on %s', t.tgname, t.tgrelid::regclass) AS name, format('%s %s', t.tgenabled, pg_get_triggerdef(t.oid)) AS form
    FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relnamespace IN ('ledger'::regnamespace, 'public'::regnamespace)
    UNION ALL
    SELECT format('constraint %s on %s', conname, conrelid::regclass), format('%s %s', pg_get_constraintdef(oid), convalidated)
    FROM pg_constraint WHERE connamespace IN ('ledger'::regnamespace, 'public'::regnamespace) AND conrelid <> 0
    UNION ALL
    SELECT format('function %s', oid::regprocedure), format('%s %s', md5(pg_get_functiondef(oid)), pg_get_userbyid(proowner))
    FROM pg_proc WHERE pronamespace = 'ledger'::regnamespace
    UNION ALL
    SELECT format('owner of %s', oid::regclass), pg_get_userbyid(relowner)
    FROM pg_class WHERE relnamespace IN ('ledger'::regnamespace, 'public'::regnamespace) AND relkind IN ('r', 'v', 'S')
    UNION ALL
    SELECT format('view %s', oid::regclass), md5(pg_get_viewdef(oid))
    FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind = 'v'
    UNION ALL
    SELECT format('rights on %s', c.oid::regclass), string_agg(
        concat_ws(' ', CASE a.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END, a.privilege_type, a.attname),
        ', ' ORDER BY a.grantee::regrole::text, a.privilege_type, a.attname
    )
    FROM pg_class AS c CROSS JOIN LATERAL (
        SELECT grantee, privilege_type, '' AS attname FROM aclexplode(c.relacl)
        UNION ALL
        SELECT e.grantee, e.privilege_type, b.attname::text
        FROM pg_attribute AS b CROSS JOIN LATERAL aclexplode(b.attacl) AS e WHERE b.attrelid = c.oid
    ) AS a
    WHERE c.relnamespace IN ('ledger'::regnamespace, 'public'::regnamespace) AND a.grantee <> c.relowner
    GROUP BY c.oid
    UNION ALL
    SELECT format('rights on schema %s', n.nspname), string_agg(
        concat_ws(' ', CASE a.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END, a.privilege_type),
        ', ' ORDER BY a.grantee::regrole::text, a.privilege_type
    )
    FROM pg_namespace AS n CROSS JOIN LATERAL aclexplode(n.nspacl) AS a
    WHERE n.nspname IN ('ledger', 'public') AND a.grantee <> n.nspowner
    GROUP BY n.oid, n.nspname
) AS said (name, form)
