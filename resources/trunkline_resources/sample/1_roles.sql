-- Who owns the sample shop and who may read it. Every statement ends with ";" and an empty line:
-- the form PostgreSQL's single-user mode reads.

CREATE ROLE shop_owner NOLOGIN;

CREATE ROLE shop_reader LOGIN CONNECTION LIMIT 30;

ALTER ROLE shop_reader SET default_transaction_read_only = on;

ALTER ROLE shop_reader SET search_path = shop, analytics;

CREATE DATABASE shop OWNER shop_owner;

REVOKE ALL ON DATABASE shop FROM PUBLIC;

GRANT CONNECT ON DATABASE shop TO shop_reader;

REVOKE ALL ON DATABASE postgres FROM PUBLIC;

REVOKE ALL ON DATABASE template1 FROM PUBLIC;
