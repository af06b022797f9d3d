"""What must not run, as superuser, with the database compared from outside; and what must."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.server.conftest import PASSWORD, Server
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres import check
from trunkline_server.postgres.catalog import describe_table, list_tables
from trunkline_server.postgres.database import Database, connect
from trunkline_server.postgres.database.channel import Channel
from trunkline_server.postgres.database.decoding import Types
from trunkline_server.postgres.lookup import Lookup
from trunkline_server.postgres.posture import posture
from trunkline_server.profiles.profile import Profile

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
CREATE FUNCTION norm(vector) RETURNS float8 LANGUAGE c IMMUTABLE STRICT
  AS '$libdir/vector', 'vector_norm';
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
"""

SEEN_FROM_OUTSIDE = """
SELECT string_agg(v::text, '|' ORDER BY id) FROM victim v;
SELECT last_value, is_called FROM counter;
SELECT md5(string_agg(c::text, '|' ORDER BY oid)) FROM (
  SELECT oid, relname, relkind, relowner FROM pg_class) c;
SELECT md5(string_agg(c::text, '|' ORDER BY oid)) FROM (SELECT oid, proname FROM pg_proc) c;
SELECT md5(string_agg(a::text, '|' ORDER BY oid)) FROM pg_authid a;
SELECT string_agg(datname, '|' ORDER BY oid) FROM pg_database;
SELECT string_agg(spcname, '|' ORDER BY oid) FROM pg_tablespace;
SELECT string_agg(s::text, '|') FROM pg_db_role_setting s;
SELECT string_agg(oid::text, '|' ORDER BY oid) FROM pg_largeobject_metadata;
SELECT lo_get(4711);
SELECT string_agg(slot_name, '|') FROM pg_replication_slots;
SELECT string_agg(gid, '|') FROM pg_prepared_xacts;
SELECT string_agg(roname, '|') FROM pg_replication_origin;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory';
SELECT pg_conf_load_time(), pg_is_in_backup FROM (SELECT false AS pg_is_in_backup) x;
SELECT string_agg(evtname, '|') FROM pg_event_trigger;
SELECT extname FROM pg_extension ORDER BY 1;
SELECT pg_notification_queue_usage();
SELECT string_agg(stats_reset::text, '|') FROM pg_stat_database;
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
LOAD 'vector'
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
SELECT norm('[3,4]')
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
SELECT * FROM JSON_TABLE('[{"a": 1}]', '$[*]' COLUMNS (a int PATH '$.a'))
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
SELECT attname, n_distinct, most_common_vals FROM pg_stats WHERE tablename = 'orders'
SELECT pg_get_viewdef('honest'::regclass), pg_get_functiondef('doubled'::regproc)
SELECT '[1,2,3]'::vector <-> '[3,2,1]', '[1,2]'::vector <=> '[2,1]', l2_distance('[1]'::vector,
  '[2]')
SELECT avg(v), sum(v) FROM (VALUES ('[1,2]'::vector), ('[3,4]')) t(v)
SELECT doubled(2), tripled(2), halved(4), label(customers) FROM customers
SELECT customers.label FROM customers
SELECT * FROM honest
SELECT 7::positive, '(1,2)'::plain
SELECT 2 <+> 3, total_of(id::int) FROM orders GROUP BY customer_id
SELECT convert_from('\\x41'::bytea, 'UTF8'), encode('\\x41', 'base64'), md5('a'), sha256('a')
SELECT ROW(1, 'a') = ROW(1, 'a'), (1, 2) < (1, 3), (ROW(1, 2)).f1
SELECT width_bucket(total, 0, 40, 4), round(total, 1), total % 2, |/ 4.0 FROM orders LIMIT 1
SELECT pg_sleep(0)
SELECT (ROW(1, 2)).f1, (jsonb_each('{"a": 1}')).key, (p.address).street, (p.history)[1].street
  FROM people p
SELECT e.key, e.value, u.name, s.label FROM jsonb_each_text('{"a": "b"}') e,
  unnest(ARRAY['x']) u(name), (SELECT 'y' AS label) s
SELECT address IS NULL, email, history[1] FROM people WHERE email = 'a@b'
SELECT id FROM people WHERE clean(email) = 'a@b'
SELECT tenant(), later(2), NOT (1 <+> 2 = 3)
SELECT json_object('a': 1), json_array(1, 2), json_scalar(1), json_value('{"a": 1}', '$.a')
SELECT pg_input_is_valid('1', 'integer'), pg_input_is_valid('1', 'numeric(3,1)')
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
"""


def _lines(text: str) -> list[str]:
    statements: list[str] = []
    for line in text.strip().splitlines():
        if line.startswith("  "):
            statements[-1] += "\n" + line
        else:
            statements.append(line)
    return statements


REFUSED = [line.replace("{{", "{").replace("}}", "}") for line in
           _lines(NOT_A_SELECT) + _lines(FUNCTIONS) + _lines(SECRETS)]  # fmt: skip


@pytest.fixture(scope="module")
def traps(server: Server) -> Iterator[Server]:
    server.psql("CREATE DATABASE traps TEMPLATE shop")
    server.psql(TRAPS + HONEST_OBJECTS, "traps")
    yield server
    server.psql("DROP DATABASE traps WITH (FORCE)")


def _outside(server: Server) -> str:
    names = sorted(p.name for p in server.data.iterdir()) + sorted(
        p.name for p in (server.data / "pg_replslot").iterdir()
    )
    names = [n for n in names if not n.startswith((".s.PGSQL", "postmaster"))]
    auto = (server.data / "postgresql.auto.conf").read_text()
    return "\n".join([server.psql(SEEN_FROM_OUTSIDE, "traps"), *names, auto])


class Before:
    """What the outside looked like after the statement before this one."""

    seen = ""


@pytest.fixture
async def unchanged(traps: Server) -> AsyncIterator[None]:
    before = Before.seen or _outside(traps)
    yield
    Before.seen = _outside(traps)
    assert Before.seen == before


@pytest.fixture
def profile(traps: Server, superuser_profile: Profile) -> Profile:
    return replace(superuser_profile, database="traps")


@pytest.fixture
async def db(profile: Profile) -> AsyncIterator[Database]:
    opened = Database(profile, PASSWORD)
    yield opened
    await opened.close()


def test_there_are_enough_statements_on_both_lists() -> None:
    assert len(REFUSED) >= 120
    assert len(_lines(HONEST)) >= 60


@pytest.mark.parametrize("sql", REFUSED)
@pytest.mark.usefixtures("unchanged")
async def test_a_superuser_cannot(sql: str, db: Database, traps: Server) -> None:
    with pytest.raises(TrunklineError) as refused:
        await db.read(sql.replace("{folder}", str(traps.data)))
    assert refused.value.code.startswith("guard.") or refused.value.code == "query.syntax"


@pytest.mark.parametrize("sql", _lines(HONEST))
async def test_an_analyst_can(sql: str, db: Database) -> None:
    rows = await db.read(sql.replace("\\n", "\n"))
    assert rows.row_count == len(rows.rows)


@pytest.fixture
async def unguarded(profile: Profile) -> AsyncIterator[Database]:
    """A database whose first layers are gone: whatever is asked reaches PostgreSQL."""
    opened = Database(profile, PASSWORD)

    async def let_all_pass(_fetch: object, _sql: str) -> None:
        return None

    opened._lookup.check = let_all_pass  # type: ignore[method-assign] # takes a layer away
    yield opened
    await opened.close()


WRITES = """
INSERT INTO victim VALUES (3)
UPDATE victim SET note = 'z'
DELETE FROM victim
TRUNCATE victim
DROP TABLE victim
CREATE TABLE other (id int)
SELECT nextval('counter')
SELECT setval('counter', 100)
SELECT writes()
SELECT 1 INTO other
SELECT * FROM victim FOR UPDATE
WITH gone AS (DELETE FROM victim RETURNING *) SELECT * FROM gone
ALTER ROLE postgres PASSWORD 'x'
CREATE ROLE intruder SUPERUSER
SELECT set_config('transaction_read_only', 'off', true)
COPY victim FROM PROGRAM 'echo 3'
SELECT lo_unlink(4711)
"""


@pytest.mark.parametrize("sql", _lines(WRITES))
@pytest.mark.usefixtures("unchanged")
async def test_the_transaction_alone_stops(sql: str, unguarded: Database) -> None:
    with pytest.raises(TrunklineError):
        await unguarded.read(sql)


@pytest.mark.parametrize("sql", ["SELECT 1; DELETE FROM victim", "COMMIT; DELETE FROM victim"])
@pytest.mark.usefixtures("unchanged")
async def test_the_protocol_alone_stops_stacked_statements(sql: str, unguarded: Database) -> None:
    with pytest.raises(TrunklineError) as refused:
        await unguarded.read(sql)
    assert refused.value.code == "query.syntax"


@pytest.mark.usefixtures("unchanged")
async def test_the_rollback_alone_undoes_what_a_commit_would_keep(unguarded: Database) -> None:
    await unguarded.read("SELECT pg_notify('c', 'x')")
    assert (await unguarded.read("SELECT 1")).rows == [[1]]


@pytest.mark.parametrize(
    ("change", "shown", "expected"),
    [
        ("SET SESSION AUTHORIZATION shop_reader", "SELECT session_user", "postgres"),
        ("SET ROLE shop_owner", "SELECT current_user", "postgres"),
        ("SET work_mem = '123MB'", "SELECT current_setting('work_mem')", "4MB"),
        ("PREPARE p AS SELECT 1", "SELECT count(*)::int4 FROM pg_prepared_statements", 0),
        ("SELECT pg_advisory_lock(7)::text",
         "SELECT count(*)::int4 FROM pg_locks WHERE locktype = 'advisory'", 0),
        ("LISTEN c", "SELECT count(*)::int4 FROM pg_listening_channels()", 0),
    ],
)  # fmt: skip
async def test_the_session_is_new_for_the_next_question(
    change: str, shown: str, expected: object, unguarded: Database
) -> None:
    await unguarded.read(change)
    assert (await unguarded.read(shown)).rows == [[expected]]


@pytest.mark.parametrize("user", ["shop_owner", "shop_reader"])
@pytest.mark.parametrize("sql", ["DELETE FROM orders", "SELECT pg_notify('c', 'x')", "COMMIT"])
@pytest.mark.usefixtures("unchanged")
async def test_no_role_can(user: str, sql: str, profile: Profile) -> None:
    opened = Database(replace(profile, user=user), PASSWORD)
    with pytest.raises(TrunklineError, match="Nothing was changed"):
        await opened.read(sql)
    await opened.close()


async def test_settings_stay_readable_until_they_hold_a_secret(db: Database, traps: Server) -> None:
    assert (await db.read("SELECT name FROM pg_settings LIMIT 1")).row_count == 1
    traps.psql("ALTER SYSTEM SET primary_conninfo = 'host=x password=y'")
    traps.psql("SELECT pg_reload_conf()")
    other = Database(db.profile, PASSWORD)
    try:
        with pytest.raises(TrunklineError) as refused:
            await other.read("SELECT * FROM pg_settings")
        assert refused.value.code == "guard.secret"
    finally:
        await other.close()
        traps.psql("ALTER SYSTEM RESET primary_conninfo")
        traps.psql("SELECT pg_reload_conf()")
        Before.seen = ""


async def test_strings_end_where_the_guard_thinks_they_end(db: Database, traps: Server) -> None:
    traps.psql("ALTER DATABASE traps SET standard_conforming_strings = off")
    other = Database(db.profile, PASSWORD)
    hidden = r" , pg_read_file($$PG_VERSION$$) --"
    try:
        assert (await other.read(rf"SELECT '\''{hidden}'")).rows == [[rf"\'{hidden}"]]
    finally:
        await other.close()
        traps.psql("ALTER DATABASE traps RESET standard_conforming_strings")
        Before.seen = ""


OVERTAKING = """
CREATE FUNCTION public.overtaken({left}, {right}) RETURNS {result} LANGUAGE plpgsql STABLE AS
  $$ BEGIN RAISE 'an operator of ours was overtaken: {left} {sign} {right}'; END $$;
CREATE OPERATOR public.{sign} (LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = public.overtaken);
"""


@pytest.fixture(scope="module")
def overtaken(server: Server) -> Iterator[str]:
    """A database where every operator that fits catalogue columns better is a trap."""
    server.psql("CREATE DATABASE overtaken TEMPLATE shop")
    kinds = ["oid", "int2", "int4", "int8", "text", "name", '"char"', "regclass", "regproc",
             "real", "double precision", "boolean"]  # fmt: skip
    pairs = [(left, right) for left in kinds for right in kinds]
    signs = ["=", "<>", "<", "<=", ">", ">=", "~", "!~", "~~", "!~~", "||"]
    has = set(server.psql(
        "SELECT oprname || format_type(oprleft, NULL) || format_type(oprright, NULL) "
        "FROM pg_operator", "overtaken",
    ).splitlines())  # fmt: skip
    long = {"int2": "smallint", "int4": "integer", "int8": "bigint"}
    server.psql("".join(
        OVERTAKING.format(left=a, right=b, sign=sign, result="bool")
        .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
        for a, b in pairs for sign in signs
        if sign + long.get(a, a) + long.get(b, b) not in has
    ), "overtaken")  # fmt: skip
    yield "overtaken"
    server.psql("DROP DATABASE overtaken WITH (FORCE)")


async def test_our_own_questions_use_postgresqls_operators(
    profile: Profile, overtaken: str
) -> None:
    opened = Database(replace(profile, database=overtaken), PASSWORD)
    connection = await connect(opened.profile, PASSWORD)
    try:
        assert await list_tables(opened)
        assert await list_tables(opened, schema="public")
        assert await describe_table(opened, "customers")
        assert await posture(connection)
        await connection.fetchrow(check._RIGHTS)
        assert (await opened.read("SELECT name FROM customers WHERE id = 1")).rows == [["Ada"]]
        await opened.read("SELECT '{1}'::regclass[], relname FROM pg_class LIMIT 1")
    finally:
        await connection.close()
        await opened.close()


@pytest.mark.parametrize("schema", ["hidden", "public"])
async def test_the_search_path_of_the_login_counts(
    schema: str, db: Database, traps: Server
) -> None:
    traps.psql(f"ALTER DATABASE traps SET search_path = {schema}")
    other = Database(db.profile, PASSWORD)
    try:
        with pytest.raises(TrunklineError, match="pg_notify"):
            await other.read("SELECT lying()")
        assert (await other.read("SHOW search_path")).rows == [[schema]]
        assert (await other.read("SELECT 1 WHERE 'pg_class'::regclass = 1259")).rows == [[1]]
    finally:
        await other.close()
        traps.psql("ALTER DATABASE traps RESET search_path")
        Before.seen = ""


async def test_postgresqls_words_are_cut_when_they_quote_a_whole_value(db: Database) -> None:
    with pytest.raises(TrunklineError) as refused:
        await db.read("SELECT (repeat('y', 3000000))::int")
    assert len(refused.value.failure.detail) <= 2000


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT array_agg(n) FROM generate_series(1, 1500000) n",
        "SELECT jsonb_agg(n) FROM generate_series(1, 1500000) n",
        "SELECT decode(repeat('ab', 15000000), 'hex')",
        "SELECT repeat('é', 8000000)",
    ],
)
async def test_a_large_value_costs_memory_once(sql: str, db: Database) -> None:
    await db.read("SELECT 1")
    tracemalloc.start()
    try:
        assert (await db.read(sql)).truncated
        assert tracemalloc.get_traced_memory()[1] < 100 * 1024**2
    finally:
        tracemalloc.stop()


async def test_statements_that_differ_in_values_only_are_looked_up_once(profile: Profile) -> None:
    connection = Channel(await connect(profile, PASSWORD), Types())
    asked: list[str] = []

    async def fetch(sql: str, *args: Any) -> list[Any]:
        asked.append(sql)
        return list(await connection.fetch(sql, *args))

    lookup = Lookup()
    await connection.execute("BEGIN READ ONLY")
    try:
        await lookup.check(fetch, "SELECT doubled(1)")
        before = len(asked)
        await lookup.check(fetch, "SELECT doubled(2)")
        assert (before > 0, len(asked)) == (True, before)
        with pytest.raises(TrunklineError):
            await lookup.check(fetch, "SELECT doubled(lying())")
    finally:
        await connection.close()
