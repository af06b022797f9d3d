"""Statements that must not run, statements that must, and a database full of traps for them."""

from __future__ import annotations

TRAPS = """
CREATE TABLE victim (id int PRIMARY KEY, note text, "delete" text);
INSERT INTO victim VALUES (1, 'one', 'x'), (2, 'two', 'y');
CREATE SEQUENCE counter;
CREATE FUNCTION volatile_sql() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS
  'INSERT INTO victim VALUES (9) RETURNING id';
CREATE FUNCTION lying() RETURNS int LANGUAGE sql STABLE AS
  $$ SELECT 1 FROM pg_notify('c', 'x') $$;
CREATE FUNCTION lying_twice() RETURNS int LANGUAGE sql STABLE AS 'SELECT lying()';
CREATE FUNCTION lying_atomic() RETURNS int STABLE
  BEGIN ATOMIC SELECT 1 FROM pg_notify('c', 'x'); END;
CREATE FUNCTION lying_return() RETURNS int STABLE RETURN (SELECT lying());
CREATE FUNCTION lying_plpgsql() RETURNS int LANGUAGE plpgsql STABLE AS
  $$ BEGIN PERFORM pg_notify('c', 'x'); RETURN 1; END $$;
CREATE FUNCTION lying_quoted() RETURNS int LANGUAGE plpgsql STABLE AS
  $$ BEGIN PERFORM "pg_notify" ('c', 'x'); RETURN 1; END $$;
CREATE FUNCTION dynamic() RETURNS int LANGUAGE plpgsql STABLE AS
  $$ BEGIN EXECUTE 'SELECT pg_notify(''c'', ''x'')'; RETURN 1; END $$;
CREATE FUNCTION definer() RETURNS int LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION innocent(text) RETURNS text LANGUAGE internal STABLE STRICT AS 'pg_read_file_all';
CREATE FUNCTION step(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS
  $$ SELECT $1 + $2 FROM pg_notify('c', 'x') $$;
CREATE AGGREGATE loud_sum(int) (SFUNC = step, STYPE = int, INITCOND = '0');
CREATE OPERATOR ### (LEFTARG = int, RIGHTARG = int, FUNCTION = step);
CREATE FUNCTION is_loud(int) RETURNS bool LANGUAGE sql IMMUTABLE AS
  $$ SELECT true FROM pg_notify('c', 'x') $$;
CREATE DOMAIN loud AS int CHECK (is_loud(VALUE));
CREATE DOMAIN louder AS loud;
CREATE TYPE pair AS (a int, b loud);
CREATE FUNCTION gives_loud() RETURNS loud LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION secretly(victim) RETURNS int LANGUAGE sql STABLE AS
  $$ SELECT 1 FROM pg_notify('c', 'x') $$;
CREATE TYPE kind AS ENUM ('a', 'b');
CREATE TABLE kinds (k kind);
INSERT INTO kinds VALUES ('a');
CREATE FUNCTION kind_number(kind) RETURNS int LANGUAGE sql STABLE AS
  $$ SELECT 1 FROM pg_notify('c', 'x') $$;
CREATE CAST (kind AS int) WITH FUNCTION kind_number(kind) AS IMPLICIT;
CREATE VIEW shouting AS SELECT 1 AS one FROM pg_notify('c', 'x');
CREATE VIEW quiet AS SELECT one FROM shouting;
CREATE VIEW by_operator AS SELECT 1 ### 2 AS three;
CREATE VIEW by_cast AS SELECT 1 + k AS two FROM kinds;
CREATE VIEW passwords AS SELECT usename, passwd FROM pg_shadow;
CREATE VIEW questions AS SELECT pid, query FROM pg_stat_activity;
CREATE VIEW locking AS SELECT id FROM victim FOR UPDATE;
CREATE SCHEMA hidden;
CREATE FUNCTION hidden.lying() RETURNS int LANGUAGE sql STABLE AS
  $$ SELECT 1 FROM pg_notify('c', 'x') $$;
CREATE FUNCTION with_path() RETURNS int LANGUAGE sql STABLE SET search_path = hidden AS
  'SELECT lying()';
CREATE FUNCTION by_parameter(p text) RETURNS text LANGUAGE sql STABLE AS
  'SELECT p.pg_read_file';
CREATE FUNCTION shout(int) RETURNS int LANGUAGE sql IMMUTABLE AS
  $$ SELECT 1 FROM pg_notify('c', 'x') $$;
CREATE FUNCTION same(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
CREATE FUNCTION loud_other(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS
  $$ SELECT true FROM pg_notify('c', 'x') $$;
CREATE OPERATOR ==~ (LEFTARG = int, RIGHTARG = int, FUNCTION = same, NEGATOR = !=~);
CREATE OPERATOR !=~ (LEFTARG = int, RIGHTARG = int, FUNCTION = loud_other, NEGATOR = ==~);
CREATE FUNCTION by_default(n int DEFAULT lying()) RETURNS int LANGUAGE sql STABLE AS 'SELECT n';
CREATE AGGREGATE loud_middle(int ORDER BY int) (SFUNC = step, STYPE = int, INITCOND = '0');
CREATE FUNCTION commented() RETURNS int LANGUAGE plpgsql STABLE AS
  $$ BEGIN PERFORM pg_notify/* */('c', 'x'); RETURN 1; END $$;
CREATE FUNCTION dashed() RETURNS int LANGUAGE plpgsql STABLE AS
  $$ BEGIN PERFORM pg_notify--
  ('c', 'x'); RETURN 1; END $$;
CREATE FUNCTION by_row() RETURNS int LANGUAGE plpgsql STABLE AS
  $$ BEGIN RETURN (SELECT v.secretly FROM victim v LIMIT 1); END $$;
CREATE FUNCTION hashes() RETURNS text LANGUAGE plpgsql STABLE AS
  $$ BEGIN RETURN (SELECT rolpassword FROM pg_authid LIMIT 1); END $$;
CREATE FUNCTION others() RETURNS text LANGUAGE plpgsql STABLE AS
  $$ BEGIN RETURN (SELECT query FROM pg_stat_activity LIMIT 1); END $$;
CREATE FUNCTION conninfo() RETURNS text LANGUAGE plpgsql STABLE AS
  $$ BEGIN RETURN current_setting('primary_conninfo'); END $$;
CREATE DOMAIN late AS int;
CREATE TABLE lates (one late, many late[]);
INSERT INTO lates VALUES (1, '{1}');
ALTER DOMAIN late ADD CHECK (is_loud(VALUE)) NOT VALID;
CREATE TYPE boxed AS (k kind);
CREATE TABLE boxes (box boxed, kinds kind[]);
INSERT INTO boxes VALUES (ROW('a'), '{a}');
CREATE FUNCTION fused() RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
  IF current_setting('trap.fuse', true) = 'on' THEN RETURN true; END IF;
  PERFORM pg_notify('c', 'x'); RETURN true; END $$;
SET trap.fuse = on;
CREATE TABLE indexed (id int);
CREATE INDEX ON indexed (id) WHERE fused();
CREATE TABLE measured (id int);
CREATE STATISTICS measured_id ON (id + fused()::int), id FROM measured;
CREATE TABLE checked (id int, CHECK (fused()));
CREATE SCHEMA "#";
CREATE FUNCTION "#"."1"() RETURNS int LANGUAGE sql STABLE AS
  $$ SELECT 1 FROM pg_notify('c', 'x') $$;
CREATE FUNCTION overtaking(oid, int) RETURNS bool LANGUAGE plpgsql STABLE AS
  $$ BEGIN RAISE 'ours ran this'; END $$;
CREATE OPERATOR >= (LEFTARG = oid, RIGHTARG = int, FUNCTION = overtaking);
SELECT lo_from_bytea(4711, 'before');
CREATE FUNCTION backslashes() RETURNS text LANGUAGE sql STABLE
  SET standard_conforming_strings = false AS
  $$ SELECT '\\'' || pg_notify('c', 'x')::text || '\\'' $$;
CREATE FUNCTION "größe"() RETURNS int LANGUAGE sql STABLE AS
  $f$ SELECT 1 FROM pg_notify('c', 'x') $f$;
CREATE FUNCTION by_umlaut() RETURNS int LANGUAGE plpgsql STABLE AS
  $f$ BEGIN RETURN größe(); END $f$;
CREATE FUNCTION after_umlauts() RETURNS int LANGUAGE plpgsql STABLE AS
  $f$ BEGIN -- Größe, 東京, 🙂🙂🙂
  PERFORM pg_notify('c', 'x'); RETURN 1; END $f$;
CREATE FUNCTION "GRÖSSE"() RETURNS int LANGUAGE sql STABLE AS
  $f$ SELECT 1 FROM pg_notify('c', 'x') $f$;
CREATE FUNCTION by_quoted() RETURNS int LANGUAGE plpgsql STABLE AS
  $f$ BEGIN RETURN "GRÖSSE"(); END $f$;
CREATE FUNCTION fused_step(int, int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN
  IF current_setting('trap.fuse', true) = 'on' THEN RETURN true; END IF;
  PERFORM pg_notify('c', 'x'); RETURN true; END $f$;
CREATE OPERATOR &&& (LEFTARG = int, RIGHTARG = int, FUNCTION = fused_step);
CREATE TABLE checked_by_operator (id int, CHECK (1 &&& 2));
CREATE TABLE indexed_by_operator (id int);
CREATE INDEX ON indexed_by_operator (id) WHERE 1 &&& 2;
CREATE TABLE ruled (id int);
INSERT INTO ruled VALUES (1);
ALTER TABLE ruled ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION may_see(int) RETURNS bool LANGUAGE plpgsql STABLE AS
  $$ BEGIN PERFORM pg_notify('c', 'x'); RETURN true; END $$;
CREATE POLICY loud ON ruled USING (may_see(id));
CREATE VIEW over_ruled AS SELECT * FROM ruled;
CREATE TYPE shape AS (n int);
CREATE FUNCTION loud_compare(shape, shape) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM pg_notify('c', 'x'); RETURN 0; END $$;
CREATE FUNCTION loud_less(shape, shape) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM pg_notify('c', 'x'); RETURN true; END $$;
CREATE OPERATOR <<< (LEFTARG = shape, RIGHTARG = shape, FUNCTION = loud_less);
CREATE OPERATOR CLASS loud_shapes DEFAULT FOR TYPE shape USING btree AS
  OPERATOR 1 <<<, FUNCTION 1 loud_compare(shape, shape);
CREATE TABLE shapes (s shape);
INSERT INTO shapes VALUES (ROW(1)), (ROW(2));
CREATE FUNCTION loud_key(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
  IF current_setting('trap.fuse', true) = 'on' THEN RETURN 1; END IF;
  PERFORM pg_notify('c', 'x'); RETURN 1; END $$;
CREATE TABLE keyed (id int) PARTITION BY LIST (loud_key(id));
CREATE TABLE keyed_one PARTITION OF keyed FOR VALUES IN (1);
"""

NOT_A_SELECT = """
INSERT INTO victim VALUES (3)
INSERT INTO victim SELECT 3 RETURNING *
UPDATE victim SET note = 'z'
DELETE FROM victim
MERGE INTO victim USING (SELECT 1 AS id) s ON s.id = victim.id WHEN MATCHED THEN DELETE
TRUNCATE victim
DROP TABLE victim
CREATE TABLE other (id int)
CREATE TEMP TABLE other (id int)
CREATE TABLE other AS SELECT 1
CREATE VIEW other AS SELECT 1
CREATE MATERIALIZED VIEW other AS SELECT 1
CREATE INDEX ON victim (note)
CREATE FUNCTION other() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE ROLE intruder SUPERUSER
ALTER ROLE postgres PASSWORD 'x'
ALTER TABLE victim ADD COLUMN c int
ALTER SYSTEM SET work_mem = '1GB'
ALTER DATABASE traps SET work_mem = '1GB'
CREATE DATABASE other
CREATE EXTENSION hstore
CREATE TABLESPACE other LOCATION '/tmp'
GRANT ALL ON victim TO PUBLIC
COMMENT ON TABLE victim IS 'x'
SECURITY LABEL ON TABLE victim IS 'x'
COPY (SELECT 1) TO PROGRAM 'touch {folder}/marker'
COPY victim TO '{folder}/marker'
COPY victim FROM PROGRAM 'echo 3'
COPY victim TO STDOUT
DO $$ BEGIN PERFORM pg_notify('c', 'x'); END $$
CALL pg_switch_wal()
BEGIN
COMMIT
ROLLBACK
ABORT
END
SAVEPOINT s
PREPARE TRANSACTION 'other'
START TRANSACTION READ WRITE
SET TRANSACTION READ WRITE
SET transaction_read_only = off
SET ROLE shop_owner
SET SESSION AUTHORIZATION shop_owner
SET search_path = hidden
RESET ALL
DISCARD ALL
PREPARE p AS SELECT 1
EXECUTE p
DEALLOCATE ALL
DECLARE c CURSOR WITH HOLD FOR SELECT 1
FETCH ALL FROM c
CLOSE ALL
LISTEN c
NOTIFY c, 'x'
UNLISTEN *
LOCK TABLE victim
LOAD 'plpgsql'
VACUUM victim
ANALYZE victim
CLUSTER
REINDEX TABLE victim
CHECKPOINT
REFRESH MATERIALIZED VIEW other
IMPORT FOREIGN SCHEMA public FROM SERVER s INTO public
SELECT 1 INTO other
SELECT * INTO TEMP other FROM victim
SELECT * FROM victim FOR UPDATE
SELECT * FROM victim FOR NO KEY UPDATE SKIP LOCKED
SELECT * FROM (SELECT * FROM victim FOR SHARE) s
SELECT 1; DELETE FROM victim
SELECT 1; COMMIT; DELETE FROM victim
COMMIT; DELETE FROM victim; BEGIN
WITH gone AS (DELETE FROM victim RETURNING *) SELECT * FROM gone
WITH a AS (WITH b AS (INSERT INTO victim VALUES (3) RETURNING id) SELECT * FROM b) TABLE a
SELECT * FROM (WITH b AS (UPDATE victim SET note = 'q' RETURNING id) SELECT * FROM b) x
EXPLAIN DELETE FROM victim
EXPLAIN ANALYZE DELETE FROM victim
EXPLAIN (ANALYZE, VERBOSE) INSERT INTO victim VALUES (3)
EXPLAIN ANALYZE CREATE TABLE other AS SELECT 1
EXPLAIN ANALYZE EXECUTE p
MERGE INTO victim USING (SELECT 1 AS id) s ON s.id = victim.id WHEN MATCHED THEN DO NOTHING
WITH m AS (MERGE INTO victim v USING (SELECT 1 AS i) s ON s.i = v.id WHEN MATCHED THEN DELETE
  RETURNING v.*) SELECT * FROM m
EXPLAIN ANALYZE MERGE INTO victim USING (SELECT 1 AS i) s ON i = id WHEN MATCHED THEN DELETE
EXPLAIN ANALYZE REFRESH MATERIALIZED VIEW other
EXPLAIN ANALYZE DECLARE c CURSOR FOR SELECT 1
EXPLAIN SELECT * FROM victim FOR UPDATE
TABLE victim FOR UPDATE
VALUES (1) FOR UPDATE
WITH x AS MATERIALIZED (SELECT * FROM victim FOR UPDATE) SELECT 1
SELECT (SELECT id FROM victim LIMIT 1 FOR KEY SHARE)
SELECT 1 INTO UNLOGGED other
CREATE TABLE other AS EXECUTE p
COPY (SELECT lying()) TO STDOUT
COPY (DELETE FROM victim RETURNING *) TO STDOUT
SET LOCAL work_mem = '1GB'
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE
SET CONSTRAINTS ALL DEFERRED
SET TIME ZONE 'UTC'
SET NAMES 'LATIN1'
RESET work_mem
RELEASE s
ROLLBACK TO s
COMMIT PREPARED 'other'
COMMIT AND CHAIN
CREATE SCHEMA other
CREATE SEQUENCE other
CREATE TYPE other AS ENUM ('a')
CREATE DOMAIN other AS int
CREATE TRIGGER t BEFORE UPDATE ON victim EXECUTE FUNCTION suppress_redundant_updates_trigger()
CREATE RULE r AS ON UPDATE TO victim DO INSTEAD NOTHING
CREATE POLICY p ON victim USING (true)
CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION lying()
CREATE OPERATOR #### (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl)
CREATE CAST (text AS int) WITH INOUT
CREATE STATISTICS other ON id, note FROM victim
CREATE COLLATION other FROM "C"
CREATE TEXT SEARCH CONFIGURATION other (COPY = simple)
CREATE PUBLICATION other FOR ALL TABLES
CREATE SUBSCRIPTION other CONNECTION 'host=127.0.0.1' PUBLICATION p
CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw
CREATE USER MAPPING FOR PUBLIC SERVER other
CREATE LANGUAGE plpython3u
ALTER SEQUENCE counter RESTART
ALTER FUNCTION lying() STABLE
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC
ALTER ROLE postgres SET work_mem = '1GB'
ALTER EXTENSION plpgsql UPDATE
DROP OWNED BY shop_owner
REASSIGN OWNED BY shop_owner TO postgres
REVOKE ALL ON victim FROM shop_reader
DROP DATABASE shop
SELECT 1;;; UPDATE victim SET note = 'z'
/* SELECT */ DELETE FROM victim
EXPLAIN ANALYZE WITH gone AS (DELETE FROM victim RETURNING *) SELECT * FROM gone
"""

FUNCTIONS = """
SELECT nextval('counter')
SELECT setval('counter', 100)
SELECT pg_read_file('PG_VERSION')
SELECT * FROM pg_read_file('PG_VERSION')
SELECT "pg_read_file"('PG_VERSION')
SELECT pg_catalog.pg_read_file('PG_VERSION')
SELECT U&"pg\\005fread_file"('PG_VERSION')
SELECT pg_read_binary_file('PG_VERSION')
SELECT pg_ls_dir('.')
SELECT * FROM pg_ls_waldir()
SELECT pg_ls_logdir()
SELECT pg_stat_file('PG_VERSION')
SELECT pg_current_logfile()
SELECT lo_export(4711, '{folder}/marker')
SELECT lo_import('{folder}/PG_VERSION')
SELECT lo_create(4712)
SELECT lo_unlink(4711)
SELECT lo_put(4711, 0, 'after')
SELECT lo_get(4711)
SELECT lowrite(lo_open(4711, 131072), 'after')
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
SELECT pg_cancel_backend(1)
SELECT pg_reload_conf()
SELECT pg_rotate_logfile()
SELECT pg_switch_wal()
SELECT pg_create_restore_point('x')
SELECT pg_create_physical_replication_slot('x', true)
SELECT pg_create_logical_replication_slot('x', 'pgoutput')
SELECT pg_replication_origin_create('x')
SELECT pg_logical_emit_message(false, 'a', 'b')
SELECT pg_stat_reset()
SELECT pg_stat_reset_shared('io')
SELECT pg_backup_start('x')
SELECT pg_promote()
SELECT pg_export_snapshot()
SELECT pg_notify('c', 'x')
SELECT pg_advisory_lock(1)
SELECT pg_try_advisory_lock(1)
SELECT pg_advisory_xact_lock(1)
SELECT set_config('transaction_read_only', 'off', false)
SELECT set_config('work_mem', '1GB', false)
SELECT pg_current_xact_id()
SELECT txid_current()
SELECT query_to_xml('DELETE FROM victim', true, true, '')
SELECT query_to_xml('SELECT pg_notify(''c'', ''x'')', true, true, '')
SELECT query_to_xmlschema('SELECT lying()', true, true, '')
SELECT table_to_xml('pg_authid', true, true, '')
SELECT schema_to_xml('public', true, true, '')
SELECT database_to_xml(true, true, '')
SELECT cursor_to_xml('c', 1, true, true, '')
SELECT ts_stat('SELECT pg_notify(''c'', ''x'')::text::tsvector')
SELECT * FROM ts_stat('SELECT to_tsvector(note) FROM victim')
SELECT ts_rewrite('a'::tsquery, 'SELECT lying()')
SELECT brin_summarize_new_values('victim_pkey')
SELECT gin_clean_pending_list('victim_pkey')
SELECT pg_log_backend_memory_contexts(1)
SELECT pg_import_system_collations('public')
SELECT pg_restore_relation_stats('schemaname', 'public')
SELECT binary_upgrade_set_next_pg_type_oid(1)
SELECT volatile_sql()
SELECT writes()
SELECT lying()
SELECT lying_twice()
SELECT lying_atomic()
SELECT lying_return()
SELECT lying_plpgsql()
SELECT lying_quoted()
SELECT dynamic()
SELECT definer()
SELECT with_path()
SELECT hidden.lying()
SELECT innocent('PG_VERSION')
SELECT loud_sum(id) FROM victim
SELECT 1 ### 2
SELECT 1 OPERATOR(public.###) 2
SELECT 1 WHERE 3 ### ANY (ARRAY[1]) = 4
SELECT 1::loud
SELECT CAST(1 AS louder)
SELECT loud(1)
SELECT loud '1'
SELECT '(1,2)'::pair
SELECT '{{1}}'::loud[]
SELECT * FROM json_to_record('{{"a": 1}}') AS x(a loud)
SELECT * FROM json_populate_record(NULL::pair, '{{"b": 1}}')
SELECT gives_loud()
SELECT pg_input_is_valid('1', 'loud')
SELECT pg_input_is_valid('1', 'lo' || 'ud')
SELECT * FROM pg_input_error_info('1', 'public.loud[]')
SELECT * FROM pg_show_all_settings()
SELECT victim.secretly FROM victim
SELECT (v).secretly FROM victim v
SELECT secretly(v) FROM victim v
SELECT 1 + k FROM kinds
SELECT k::int FROM kinds
SELECT ('PG_VERSION'::text).pg_read_file
SELECT (x).pg_read_file FROM (VALUES ('PG_VERSION'::text)) v(x)
SELECT text.pg_read_file FROM CAST('PG_VERSION' AS text)
SELECT coalesce.pg_read_file FROM COALESCE('PG_VERSION'::text)
SELECT "current_user".pg_read_file FROM current_user
SELECT (SELECT 'PG_VERSION'::text).pg_read_file
SELECT by_parameter('PG_VERSION')
SELECT f.pg_read_file FROM unnest(ARRAY['PG_VERSION']) AS f
SELECT unnest.pg_read_file FROM unnest(ARRAY['PG_VERSION'])
SELECT ($$PG_VERSION$$::text)."pg_read_file"
SELECT (ARRAY['PG_VERSION'])[1].pg_read_file
SELECT (max(pid)).pg_terminate_backend FROM pg_stat_activity
SELECT ('primary_conninfo'::text).current_setting
SELECT (1).shout
SELECT (id).shout FROM victim
SELECT (1).loud
SELECT NOT (1 ==~ 1)
SELECT id FROM victim WHERE NOT id ==~ 1
SELECT by_default()
SELECT * FROM by_default()
SELECT loud_middle(1) WITHIN GROUP (ORDER BY id) FROM victim
SELECT commented()
SELECT dashed()
SELECT by_row()
SELECT hashes()
SELECT others()
SELECT conninfo()
SELECT jsonb_populate_record(l, '{{"one": 5}}') FROM lates l
SELECT * FROM lates WHERE many = '{{1}}'
SELECT COALESCE(many, '{{2}}') FROM lates
SELECT (box).k + 1 FROM boxes
SELECT kinds[1] + 1 FROM boxes
SELECT unnest(kinds) + 1 FROM boxes
SELECT * FROM indexed
SELECT * FROM measured WHERE id = 1
SELECT * FROM checked
SELECT "#"."1"()
SELECT domain_in('1', 'loud'::regtype::oid, -1)
SELECT record_in('(1,2)', 'pair'::regtype::oid, -1)
SELECT array_in('{{1}}', 'loud'::regtype::oid, -1)
SELECT * FROM shouting
SELECT * FROM quiet
TABLE quiet
SELECT * FROM by_operator
SELECT * FROM by_cast
SELECT * FROM locking
EXPLAIN ANALYZE SELECT * FROM quiet
SELECT (SELECT (SELECT lying()))
SELECT 1 ORDER BY lying()
SELECT 1 LIMIT lying()
SELECT 1 OFFSET lying()
SELECT count(*) FILTER (WHERE lying() = 1) FROM victim
SELECT rank() OVER (ORDER BY lying()) FROM victim
SELECT sum(id) OVER (ROWS lying() PRECEDING) FROM victim
SELECT 1 FROM victim GROUP BY ROLLUP (lying())
SELECT 1 FROM victim HAVING lying() = 1
SELECT * FROM victim TABLESAMPLE bernoulli (lying())
SELECT * FROM ROWS FROM (generate_series(1, 2), lying()) AS x
SELECT * FROM victim, LATERAL lying()
SELECT * FROM victim a JOIN victim b ON lying() = 1
SELECT CASE WHEN lying() = 1 THEN 1 END
SELECT ARRAY[lying()]
SELECT ROW(lying(), 2)
SELECT COALESCE(NULL, lying())
SELECT GREATEST(1, lying())
SELECT (ARRAY[1])[lying()]
SELECT * FROM victim WHERE id IN (lying())
SELECT * FROM victim WHERE id BETWEEN 1 AND lying()
SELECT xmlelement(name a, lying())
SELECT json_object('a': lying())
SELECT JSON_VALUE('1', '$' PASSING lying() AS x)
SELECT string_agg(note, ',' ORDER BY lying()) FROM victim
SELECT percentile_cont(lying()) WITHIN GROUP (ORDER BY id) FROM victim
VALUES (lying())
SELECT 1 UNION ALL SELECT lying()
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT lying() FROM r WHERE n < 1) TABLE r
SELECT DISTINCT ON (lying()) 1
SELECT * FROM generate_series(1, lying())
SELECT backslashes()
SELECT größe()
SELECT by_umlaut()
SELECT by_quoted()
SELECT after_umlauts()
SELECT "GRÖSSE"()
SELECT * FROM checked_by_operator
SELECT * FROM indexed_by_operator
SELECT setseed(0.5)
SELECT s FROM shapes ORDER BY s
SELECT DISTINCT s FROM shapes
SELECT s FROM shapes UNION SELECT s FROM shapes
SELECT s, count(*) FROM shapes GROUP BY s
SELECT count(*) OVER (PARTITION BY s) FROM shapes
SELECT a.s FROM shapes a JOIN shapes b ON a.s <<< b.s
SELECT '(1)'::shape
SELECT * FROM keyed WHERE loud_key(id) = 1
SELECT * FROM pg_config
SELECT pg_config()
SELECT pg_tablespace_location(1663)
SELECT pg_relation_filepath('victim')
SELECT * FROM set_config('work_mem', '1GB', true)
SELECT 1 WHERE pg_catalog.set_config('work_mem', '1GB', true) IS NULL
SELECT (pg_stat_file('PG_VERSION')).size
SELECT * FROM pg_stat_file('PG_VERSION') AS f
SELECT array(SELECT pg_ls_dir('.'))
SELECT pg_ls_dir FROM pg_ls_dir('.')
SELECT pg_read_file(VARIADIC ARRAY['PG_VERSION'])
SELECT lo_close(lo_open(4711, 262144))
SELECT loread(lo_open(4711, 262144), 10)
SELECT lo_truncate(lo_open(4711, 131072), 0)
SELECT lo_from_bytea(0, 'x')
SELECT pg_drop_replication_slot('x')
SELECT pg_replication_slot_advance('x', '0/1')
SELECT * FROM pg_logical_slot_get_changes('x', NULL, NULL)
SELECT * FROM pg_logical_slot_peek_changes('x', NULL, NULL)
SELECT pg_copy_physical_replication_slot('x', 'y')
SELECT pg_replication_origin_session_setup('x')
SELECT pg_wal_replay_pause()
SELECT pg_backup_stop()
SELECT pg_stat_reset_single_table_counters('victim'::regclass)
SELECT pg_stat_reset_slru(NULL)
SELECT pg_stat_clear_snapshot()
SELECT pg_stat_force_next_flush()
SELECT pg_log_standby_snapshot()
SELECT pg_advisory_unlock_all()
SELECT pg_try_advisory_xact_lock_shared(1, 2)
SELECT pg_show_all_file_settings()
SELECT * FROM pg_hba_file_rules()
SELECT pg_stat_get_wal_receiver()
SELECT ts_rewrite('a'::tsquery, $$SELECT 'a'::tsquery, 'b'::tsquery FROM pg_notify('c', 'x')$$)
SELECT xmlconcat(query_to_xml('SELECT lying()', true, true, ''))
SELECT plpgsql_inline_handler(NULL)
SELECT array_agg(id ORDER BY id USING ###) FROM victim
SELECT 1 = ANY (ARRAY[1]::loud[])
SELECT ARRAY[1]::loud[] @> ARRAY[1]::loud[]
SELECT jsonb_populate_recordset(NULL::pair, '[{{"b": 1}}]')
SELECT * FROM jsonb_to_recordset('[{{"a": 1}}]') AS x(a loud)
SELECT JSON_VALUE('1', '$' RETURNING loud)
SELECT * FROM JSON_TABLE('[1]', '$[*]' COLUMNS (a loud PATH '$'))
SELECT xmlserialize(CONTENT '<a/>'::xml AS loud)
SELECT * FROM XMLTABLE('/a' PASSING ('<a>1</a>'::xml) COLUMNS n loud PATH '.')
SELECT string_agg(lying()::text, ',') FILTER (WHERE true) FROM victim
SELECT mode() WITHIN GROUP (ORDER BY lying()) FROM victim
SELECT * FROM victim ORDER BY id OFFSET lying() ROWS FETCH FIRST 1 ROW WITH TIES
SELECT 1 WHERE (SELECT lying()) IN (SELECT id FROM victim)
SELECT pg_sequence_last_value('counter'), nextval('counter'::regclass)
SELECT pg_get_publication_tables('p'), pg_terminate_backend(0)
EXPLAIN (ANALYZE, TIMING OFF) SELECT pg_notify('c', 'x')
EXPLAIN (VERBOSE) SELECT nextval('counter')
"""

SECRETS = """
SELECT rolpassword FROM pg_authid
SELECT * FROM pg_catalog.pg_authid
SELECT passwd FROM pg_shadow
TABLE pg_shadow
SELECT * FROM passwords
SELECT * FROM questions
SELECT * FROM pg_user_mapping
SELECT * FROM pg_user_mappings
SELECT * FROM information_schema.user_mapping_options
SELECT srvoptions FROM pg_foreign_server
SELECT fdwoptions FROM pg_foreign_data_wrapper
SELECT * FROM pg_db_role_setting
SELECT subconninfo FROM pg_subscription
SELECT query FROM pg_stat_activity
SELECT * FROM pg_stat_activity
SELECT a FROM pg_stat_activity a
SELECT a.* FROM pg_stat_activity a
SELECT to_jsonb(pg_stat_activity) FROM pg_stat_activity
SELECT a.row_to_json FROM pg_stat_activity a
SELECT pg_stat_activity.to_jsonb FROM pg_stat_activity
SELECT (s.x).query FROM (SELECT a AS x FROM pg_stat_activity a) s
SELECT (a).query FROM pg_stat_activity a
SELECT c6 FROM pg_stat_activity a(c1, c2, c3, c4, c5, c6)
SELECT pg_stat_get_activity(NULL)
SELECT pg_stat_get_backend_activity(1)
SELECT * FROM pg_hba_file_rules
SELECT * FROM pg_file_settings
SELECT data FROM pg_largeobject
SHOW primary_conninfo
SHOW ALL
SHOW ssl_passphrase_command
SELECT current_setting('primary_conninfo')
SELECT current_setting('PRIMARY_' || 'CONNINFO')
SELECT current_setting(name) FROM pg_settings
SHOW data_directory
SHOW config_file
SHOW hba_file
SHOW log_directory
SHOW unix_socket_directories
SHOW ssl_key_file
SHOW dynamic_library_path
SELECT current_setting('data_directory', true)
SELECT rolconfig FROM pg_roles
SELECT * FROM pg_roles
SELECT useconfig FROM pg_user
SELECT r.* FROM pg_roles r
SELECT setconfig FROM pg_db_role_setting
SELECT row_to_json(r) FROM pg_roles r
"""

HONEST = """
SELECT 1
SELECT 1;
SELECT
-- a comment; DELETE FROM customers\\nSELECT 1
/* nested /* comment */ */ SELECT 'DROP TABLE customers; --'
SELECT $$it's; DELETE$$, $tag$x$tag$
SELECT 'Zoë 東京 🙂', U&'\\0041', E'a\\nb'
SELECT "name" FROM "customers"
SELECT 1 AS "delete", 2 AS "update", 3 AS "delete"
SELECT count(*), sum(total), avg(total) FROM orders
SELECT c.name, count(o.id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY 1
SELECT * FROM customers NATURAL JOIN (VALUES (1)) v(id)
SELECT * FROM customers JOIN (SELECT 1 AS id) x USING (id)
WITH big AS (SELECT * FROM orders WHERE total > 10) SELECT count(*) FROM big
WITH a AS MATERIALIZED (SELECT 1 AS n) SELECT * FROM a
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3)
  SEARCH DEPTH FIRST BY n SET o CYCLE n SET c USING p SELECT n FROM t
SELECT id, rank() OVER (PARTITION BY customer_id ORDER BY total DESC) FROM orders
SELECT id, sum(total) OVER w, lag(total) OVER w FROM orders WINDOW w AS (ORDER BY placed)
SELECT customer_id, date_trunc('month', placed), sum(total) FROM orders GROUP BY GROUPING SETS
  ((1), (2), ())
SELECT customer_id, sum(total) FROM orders GROUP BY ROLLUP (customer_id)
SELECT customer_id, sum(total) FROM orders GROUP BY CUBE (customer_id)
SELECT c.name, o.total FROM customers c, LATERAL (SELECT total FROM orders WHERE customer_id =
  c.id LIMIT 1) o
SELECT count(*) FROM orders TABLESAMPLE bernoulli (50) REPEATABLE (1)
SELECT count(*) FROM orders TABLESAMPLE system (100)
VALUES (1, 'a'), (2, 'b')
TABLE customers
SHOW work_mem
SHOW server_version
SHOW TIME ZONE
EXPLAIN SELECT * FROM orders
EXPLAIN ANALYZE SELECT * FROM orders
EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM orders
SELECT jsonb_path_query('{"a": [1, 2, 3]}', '$.a[*] ? (@ > 1)')
SELECT '{"a": {"b": 1}}'::jsonb #>> '{a,b}', '{"a": 1}'::jsonb @> '{"a": 1}'
SELECT * FROM jsonb_to_recordset('[{"a": 1}]') AS x(a int)
SELECT to_tsvector('english', note) @@ to_tsquery('english', 'note') FROM orders LIMIT 1
SELECT ts_headline('english', 'a note here', plainto_tsquery('note'))
SELECT ts_rewrite('a & b'::tsquery, 'a'::tsquery, 'c'::tsquery)
SELECT int4range(1, 5) @> 3, daterange('2026-01-01', '2026-02-01') && daterange('2026-01-15', NULL)
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total), mode() WITHIN GROUP (ORDER BY
  customer_id) FROM orders
SELECT placed AT TIME ZONE 'Europe/Berlin' FROM orders LIMIT 1
SELECT name FROM customers WHERE name SIMILAR TO '(A|G)%'
SELECT name FROM customers WHERE name ILIKE 'a%' AND name ~* '^a' AND name NOT LIKE 'b%'
SELECT id FROM orders ORDER BY id FETCH FIRST 3 ROWS WITH TIES
SELECT id FROM orders ORDER BY id LIMIT 3 OFFSET 2
(SELECT 1 UNION SELECT 2) INTERSECT (SELECT 2) EXCEPT ALL SELECT 3
(((SELECT 1)))
SELECT DISTINCT ON (customer_id) customer_id, total FROM orders ORDER BY customer_id, total DESC
SELECT count(*) FILTER (WHERE total > 10), string_agg(note, ', ' ORDER BY id) FROM orders
SELECT array_agg(id ORDER BY id), (array_agg(id))[1:2] FROM orders
SELECT unnest(ARRAY[1, 2]), generate_series(1, 2)
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b']) WITH ORDINALITY AS u(a, b, n)
SELECT CASE country WHEN 'GB' THEN 1 ELSE 2 END, COALESCE(country, '?'), NULLIF(country, 'US')
  FROM customers
SELECT * FROM customers WHERE country IS DISTINCT FROM 'GB' AND id = ANY (ARRAY[1, 2])
SELECT EXISTS (SELECT 1 FROM orders), (SELECT max(id) FROM orders)
SELECT extract(epoch FROM interval '1 day'), age(now(), placed), now() - placed FROM orders LIMIT 1
SELECT random() < 2, gen_random_uuid() IS NOT NULL, clock_timestamp() > now()
SELECT to_char(total, 'FM999.00'), to_char(placed, 'YYYY-MM') FROM orders LIMIT 1
SELECT regexp_matches('abc', 'b'), split_part('a,b', ',', 2), format('%s-%I', 1, 'x'),
  overlay('abc' PLACING 'x' FROM 2)
SELECT quote_ident('a b'), quote_literal('x'), reverse('abc'), to_hex(255)
SELECT current_user, current_database(), version(), current_date, current_setting('work_mem')
SELECT pg_size_pretty(pg_total_relation_size('orders')), pg_database_size(current_database()) > 0
SELECT relname FROM pg_class WHERE oid = 'orders'::regclass
SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
SELECT name, setting FROM pg_settings WHERE name LIKE 'work%'
SELECT rolname, rolsuper FROM pg_roles
SELECT state, count(*) FROM pg_stat_activity GROUP BY state
SELECT locktype, mode FROM pg_locks
SELECT relname, n_live_tup FROM pg_stat_user_tables
SELECT attname, n_distinct, null_frac FROM pg_stats WHERE tablename = 'orders'
SELECT pg_get_viewdef('honest'::regclass), pg_get_functiondef('doubled'::regproc)
SELECT doubled(2), tripled(2), halved(4), label(customers) FROM customers
SELECT customers.label FROM customers
SELECT * FROM honest
SELECT 7::positive, '(1,2)'::plain
SELECT 2 <+> 3, total_of(id::int) FROM orders GROUP BY customer_id
SELECT convert_from('\\x41'::bytea, 'UTF8'), encode('\\x41', 'base64'), md5('a'), sha256('a')
SELECT ROW(1, 'a') = ROW(1, 'a'), (1, 2) < (1, 3), (ROW(1, 2)).f1
SELECT width_bucket(total, 0, 40, 4), round(total, 1), total % 2, |/ 4.0 FROM orders LIMIT 1
SELECT pg_sleep(0)
SELECT n, sum(n) OVER (ORDER BY n GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES)
  FROM generate_series(1, 5) n
SELECT first_value(n) OVER w, nth_value(n, 2) OVER w FROM generate_series(1, 3) n
  WINDOW w AS (ORDER BY n RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
SELECT percentile_disc(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY total) FROM orders
SELECT GROUPING(customer_id), sum(total) FROM orders GROUP BY DISTINCT ROLLUP (customer_id), ()
SELECT o.id FROM customers c CROSS JOIN LATERAL (SELECT id FROM orders WHERE customer_id = c.id
  ORDER BY id DESC FETCH FIRST ROW ONLY) o
SELECT * FROM ROWS FROM (generate_series(1, 2), unnest(ARRAY['a', 'b'])) AS x(n, t)
SELECT (jsonb_path_query_array('[1, 2]', '$[*]'))[0], '[1]'::jsonb @? '$[*] ? (@ > 0)'
SELECT jsonb_set('{"a": 1}', '{b}', '2'), jsonb_pretty('{"a": 1}'), '{"a": 1}'::jsonb - 'a'
SELECT ts_rank(to_tsvector('simple', 'a b'), 'a & b'), 'fat & rat'::tsquery, strip('a:1'::tsvector)
SELECT setweight(to_tsvector('english', 'word'), 'A'), phraseto_tsquery('a b'),
  websearch_to_tsquery('"a b" or c')
SELECT '{[1,3],[5,7]}'::int4multirange, range_agg(int4range(n, n + 2)) FROM generate_series(1, 3) n
SELECT tstzrange(now(), NULL) @> now(), lower('[1,2]'::int4range), isempty('empty'::int4range)
SELECT TIMESTAMP '2026-01-01' AT TIME ZONE 'Asia/Tokyo' AT TIME ZONE 'UTC', timezone('UTC', now())
SELECT DATE '2026-01-31' + INTERVAL '1 month', make_date(2026, 1, 1), justify_days('40 days')
SELECT generate_series('2026-01-01'::timestamptz, '2026-01-03', '1 day')
SELECT 'abc' SIMILAR TO 'a(b|x)c', 'a%b' LIKE 'a\\%b', 'a_b' LIKE 'a#_b' ESCAPE '#'
SELECT substring('abc' SIMILAR 'a#"b#"c' ESCAPE '#'), substring('abc' FROM 'b'),
  position('b' IN 'abc')
SELECT 'x' COLLATE "C" < 'y' COLLATE "C", normalize('é', NFD) IS NFD NORMALIZED
SELECT "select" AS "from" FROM (VALUES (1)) AS "table"("select")
SELECT 1 AS "Zoë", 2 AS "東京", 3 AS "🙂", 4 AS "a ""quoted"" one"
SELECT note AS "delete" FROM orders WHERE note ~ '^note' ORDER BY "delete" LIMIT 1
SELECT 'INSERT INTO x; COMMIT; -- ' || $q$'; DROP TABLE customers; $$ $q$ AS "update"
SELECT * FROM customers c WHERE (c.id, c.name) IN (SELECT id, name FROM customers)
SELECT * FROM (TABLE customers UNION ALL TABLE customers) x ORDER BY 1
(TABLE customers ORDER BY id LIMIT 1) UNION ALL (SELECT 0, 'none', NULL) ORDER BY 1
(VALUES (1)) EXCEPT (VALUES (2)) INTERSECT (VALUES (3))
WITH a AS (SELECT 1 AS n), b AS (SELECT n + 1 AS n FROM a), c AS (TABLE b UNION TABLE a) TABLE c
WITH RECURSIVE tree(id, path) AS (SELECT 1, ARRAY[1] UNION ALL SELECT id + 1, path || (id + 1)
  FROM tree WHERE id < 4) SELECT array_to_string(path, '/') FROM tree
WITH x AS NOT MATERIALIZED (SELECT * FROM orders) SELECT count(*) FROM x a JOIN x b USING (id)
EXPLAIN (FORMAT YAML, COSTS OFF) SELECT 1
EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, WAL) SELECT count(*) FROM orders
EXPLAIN VERBOSE WITH a AS (SELECT 1) SELECT * FROM a
EXPLAIN VALUES (1)
SHOW search_path
SHOW transaction_isolation
SELECT sum(total) FILTER (WHERE placed > '2026-01-05') AS late, bool_and(total > 0), every(true)
  FROM orders
SELECT corr(total, id), regr_slope(total, id), stddev(total), var_pop(total) FROM orders
SELECT array_position(ARRAY[1, 2], 2), array_remove(ARRAY[1, 2], 1), ARRAY[1, 2] && ARRAY[2],
  cardinality(ARRAY[[1], [2]]), array_fill(0, ARRAY[2])
SELECT string_to_array('a,b', ','), regexp_split_to_table('a b', ' '), concat_ws('-', 1, 2)
SELECT lpad('a', 3, '0'), initcap('a b'), translate('abc', 'a', 'b'), chr(65), ascii('A')
SELECT trunc(1.55, 1), ceil(1.2), mod(5, 3), power(2, 3), ln(2.7), degrees(1), gcd(4, 6), 5 / 2.0
SELECT B'101' & B'100', 5 # 3, ~5, 1 << 2, x'1F'::int, 1e3, .5, 0.1::float4
SELECT inet '10.0.0.1' << inet '10.0.0.0/8', macaddr '08:00:2b:01:02:03', host('10.0.0.1'::inet)
SELECT point(1, 2) <-> point(3, 4), box '((0,0),(1,1))' @> point '(0.5,0.5)', circle '<(0,0),1>'
SELECT '12.34'::money, 'epoch'::timestamptz, 'infinity'::date, 'now'::text, true::int, 't'::bool
SELECT num_nulls(1, NULL), pg_typeof(1), 1 IS NOT NULL, NULL IS UNKNOWN, true IS NOT FALSE
SELECT xmin, ctid, tableoid::regclass FROM customers LIMIT 1
SELECT obj_description('orders'::regclass), col_description('orders'::regclass, 1)
SELECT n.nspname, c.relname, c.reltuples::bigint FROM pg_class c JOIN pg_namespace n ON
  n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg_%'
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'orders'::regclass
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'orders'
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE
  attrelid = 'orders'::regclass
SELECT tc.constraint_type, kcu.column_name FROM information_schema.table_constraints tc JOIN
  information_schema.key_column_usage kcu USING (constraint_name, table_schema)
SELECT e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
SELECT extname, extversion FROM pg_extension
SELECT datname, pg_encoding_to_char(encoding) FROM pg_database
SELECT pid, state, wait_event, now() - query_start AS running FROM pg_stat_activity
SELECT schemaname, relname, seq_scan, idx_scan FROM pg_stat_user_tables ORDER BY seq_scan DESC
SELECT name, setting FROM pg_settings WHERE name = 'work_mem'
SELECT name, unit FROM pg_settings WHERE name IN ('work_mem', 'max_connections')
SELECT has_table_privilege('orders', 'SELECT'), pg_has_role(current_user, 'MEMBER')
SELECT txid_current_if_assigned() IS NULL, pg_current_snapshot() IS NOT NULL
SELECT to_regclass('nothing'), to_json(ROW(1)), row_to_json(c) FROM customers c LIMIT 1
SELECT c FROM customers c WHERE c IS NOT NULL LIMIT 1
SELECT COUNT(DISTINCT (country, name)) FROM customers
SELECT * FROM orders o WHERE NOT EXISTS (SELECT FROM customers c WHERE c.id = o.customer_id)
SELECT * FROM customers c FULL JOIN orders o ON false WHERE c.id = 1 OR o.id = 1
SELECT CAST(NULL AS numeric(10, 2)), '1'::text::int, int4 '5', float8 '1e5', interval '1' year
SELECT $$a$$, $a$b$a$, E'\\t', U&'d\\0061t\\+000061', N'x'
SELECT (ROW(1, 2)).f1, (jsonb_each('{"a": 1}')).key, (p.address).street, (p.history)[1].street
  FROM people p
SELECT e.key, e.value, u.name, s.label FROM jsonb_each_text('{"a": "b"}') e,
  unnest(ARRAY['x']) u(name), (SELECT 'y' AS label) s
SELECT address IS NULL, email, history[1] FROM people WHERE email = 'a@b'
SELECT id FROM people WHERE clean(email) = 'a@b'
SELECT * FROM tenants
SELECT tenant(), later(2), NOT (1 <+> 2 = 3)
"""

#: Since PostgreSQL 16 and 17.
HONEST_SINCE = {
    16: """
SELECT json_object('a': 1), json_array(1, 2), json_objectagg('a': 1), '{}' IS JSON OBJECT
SELECT pg_input_is_valid('1', 'integer'), pg_input_is_valid('1', 'numeric(3,1)')
SELECT any_value(name), random_normal() IS NOT NULL FROM customers
SELECT 0x1F, 1_000, system_user IS NULL
""",
    17: """
SELECT * FROM JSON_TABLE('[{"a": 1}]', '$[*]' COLUMNS (a int PATH '$.a'))
SELECT json_scalar(1), json_value('{"a": 1}', '$.a'), json_query('[1]', '$'), json_exists('1', '$')
SELECT now() AT LOCAL, to_bin(5), random(1, 10) > 0
""",
    18: """
SELECT uuidv7() IS NOT NULL, array_sort(ARRAY[2, 1]), casefold('A'), crc32('a')
""",
}

#: With pgvector.
HONEST_VECTOR = """
SELECT '[1,2,3]'::vector <-> '[3,2,1]', '[1,2]'::vector <=> '[2,1]', l2_distance('[1]'::vector,
  '[2]')
SELECT avg(v), sum(v) FROM (VALUES ('[1,2]'::vector), ('[3,4]')) t(v)
SELECT n FROM generate_series(1, 3) n ORDER BY ARRAY[n, 1]::vector <#> '[1,1]' LIMIT 1
SELECT '[1,2]'::halfvec, '{1:1}/3'::sparsevec, vector_dims('[1,2]'::vector), vector_norm('[3,4]')
"""

HONEST_OBJECTS = """
CREATE FUNCTION doubled(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE FUNCTION tripled(n int) RETURNS int IMMUTABLE RETURN n * 3;
CREATE FUNCTION halved(n int) RETURNS int LANGUAGE plpgsql STABLE AS
  $$ DECLARE found int; BEGIN
    SELECT n / 2 INTO found; -- "execute" this: 'EXECUTE'
    IF found > 0 THEN RETURN found; END IF; RETURN 0; END $$;
CREATE FUNCTION label(customers) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1.name || ''!''';
CREATE VIEW honest AS SELECT c.name, doubled(c.id), count(o.id) AS orders
  FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY 1, 2;
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE plain AS (a int, b positive);
CREATE FUNCTION plus(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE OPERATOR <+> (LEFTARG = int, RIGHTARG = int, FUNCTION = plus);
CREATE DOMAIN email AS text CHECK (VALUE ~ '@');
CREATE TYPE address AS (street text, city text);
CREATE FUNCTION clean(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN RETURN lower(trim($1)); END $$;
CREATE TABLE people (id int PRIMARY KEY, email email, address address, history address[],
  CHECK (clean(email) <> ''));
CREATE INDEX ON people (clean(email));
INSERT INTO people VALUES (1, 'a@b', ROW('x', 'y'), NULL);
CREATE FUNCTION tenant() RETURNS text LANGUAGE plpgsql STABLE AS
  $$ BEGIN RETURN current_setting('app.tenant', true); END $$;
CREATE FUNCTION later(n int, days int DEFAULT 1, at timestamptz DEFAULT now()) RETURNS date
  LANGUAGE sql STABLE AS 'SELECT (at + n * days * interval ''1 day'')::date';
CREATE AGGREGATE total_of(int) (SFUNC = plus, STYPE = int, INITCOND = '0');
CREATE TABLE tenants (id int, owner text);
INSERT INTO tenants VALUES (1, 'shop_reader'), (2, 'shop_owner');
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION is_mine(text) RETURNS bool LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN RETURN $1 = session_user; END $$;
CREATE POLICY mine ON tenants FOR SELECT USING (is_mine(owner) OR
  owner = current_setting('request.jwt.claim.sub', true));
"""


def lines(text: str) -> list[str]:
    statements: list[str] = []
    for line in text.strip().splitlines():
        if line.startswith("  "):
            statements[-1] += "\n" + line
        else:
            statements.append(line)
    return statements


REFUSED = [line.replace("{{", "{").replace("}}", "}") for line in
           lines(NOT_A_SELECT) + lines(FUNCTIONS) + lines(SECRETS)]  # fmt: skip
REFUSED += [
    "SELECT 1 -- a comment\r\n; DELETE FROM victim",
    " ; DELETE FROM victim",
    "SELECT 1\0; DELETE FROM victim",
]
