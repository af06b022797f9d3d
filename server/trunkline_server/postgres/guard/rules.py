"""The tables behind the guard: names of functions, relations and settings. Pure."""

from __future__ import annotations

import re


def words(text: str) -> frozenset[str]:
    """Return the words of ``text``."""
    return frozenset(text.split())


#: Volatile functions of PostgreSQL itself that neither change nor reveal anything that matters.
HARMLESS = words("""
    random random_normal clock_timestamp timeofday gen_random_uuid uuidv4 uuidv7 pg_sleep
    pg_sleep_for pg_sleep_until array_sample array_shuffle current_query currval lastval
    pg_blocking_pids pg_safe_snapshot_blocking_pids pg_collation_actual_version
    pg_database_collation_actual_version pg_control_checkpoint pg_control_init pg_control_recovery
    pg_control_system pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn
    pg_database_size pg_get_wal_replay_pause_state pg_indexes_size pg_is_in_recovery
    pg_is_wal_replay_paused pg_jit_available pg_last_committed_xact pg_last_wal_receive_lsn
    pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_lock_status
    pg_notification_queue_usage pg_partition_ancestors pg_partition_tree pg_prepared_xact
    pg_relation_size pg_sequence_last_value pg_get_sequence_data pg_show_replication_origin_status
    pg_stat_have_stats pg_table_size pg_tablespace_size pg_total_relation_size pg_xact_status
    pg_xact_commit_timestamp txid_status amvalidate pg_get_wait_events pg_get_multixact_members
    ts_token_type bernoulli system to_regclass pg_index_has_property
    pg_stat_get_io pg_stat_get_backend_io
    pg_stat_get_backend_wal pg_stat_get_recovery_prefetch pg_get_loaded_modules
    pg_stat_get_xact_blocks_fetched pg_stat_get_xact_blocks_hit pg_stat_get_xact_function_calls
    pg_stat_get_xact_function_self_time pg_stat_get_xact_function_total_time
    pg_stat_get_xact_numscans pg_stat_get_xact_tuples_deleted pg_stat_get_xact_tuples_fetched
    pg_stat_get_xact_tuples_hot_updated pg_stat_get_xact_tuples_inserted
    pg_stat_get_xact_tuples_newpage_updated pg_stat_get_xact_tuples_returned
    pg_stat_get_xact_tuples_updated
""")

#: Volatile functions of extensions that are as harmless; counted only when the extension owns them.
HARMLESS_IN_EXTENSIONS = words("""
    system_rows system_time uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 gen_random_bytes
    gen_random_uuid gen_salt
    show_limit pg_stat_statements_info normal_rand
    ssl_is_used ssl_version ssl_cipher ssl_client_cert_present ssl_client_serial
    int_agg_state int_agg_final_array int_array_aggregate
    pgstattuple pgstattuple_approx pgstatindex pgstatginindex pgstathashindex pg_relpages
    pg_freespace pg_visibility pg_visibility_map pg_visibility_map_summary pg_check_frozen
    pg_check_visible pg_buffercache_pages pg_buffercache_summary pg_buffercache_usage_counts
""")

#: Extensions whose C functions we know to compute only; their volatile ones stay refused.
KNOWN_EXTENSIONS = words("""
    vector postgis postgis_raster postgis_topology postgis_sfcgal postgis_tiger_geocoder
    address_standardizer pgrouting h3 h3_postgis pg_trgm hstore ltree citext cube earthdistance
    fuzzystrmatch intarray intagg isn seg unaccent uuid-ossp pgcrypto btree_gin btree_gist
    tablefunc tsm_system_rows tsm_system_time dict_int dict_xsyn pg_similarity timescaledb
    semver ip4r prefix hll tdigest topn rum pg_bigm pgroonga vectorscale vchord bloom lo sslinfo
    pgstattuple pg_freespacemap pg_visibility pg_buffercache pg_stat_statements pg_uuidv7 ulid
    pg_jsonschema jsquery orafce periods numeral unit temporal_tables rdkit mobilitydb citus
""")

#: Views of these extensions whose function is refused for one column alone, see SECRET_COLUMNS.
HARMLESS_VIEWS = words("""
    pg_stat_statements pg_stat_statements_info pg_buffercache pg_buffercache_numa
""")

#: Catalogues that hold password hashes, login secrets or the server's own files.
SECRET_RELATIONS = words("""
    pg_authid pg_shadow pg_user_mapping pg_user_mappings pg_hba_file_rules pg_file_settings
    pg_ident_file_mappings pg_largeobject pg_dist_authinfo _pg_user_mappings _pg_foreign_servers
    user_mapping_options foreign_server_options _pg_foreign_data_wrappers
    foreign_data_wrapper_options pg_config
""")

#: Columns that hold other sessions' statements or login secrets; the rest of these may be read.
SECRET_COLUMNS = {
    "pg_stat_activity": "query",
    "pg_stat_statements": "query",
    "pg_foreign_server": "srvoptions",
    "pg_foreign_data_wrapper": "fdwoptions",
    "pg_db_role_setting": "setconfig",
    "pg_subscription": "subconninfo",
    "pg_stat_wal_receiver": "conninfo",
    "pg_roles": "rolconfig",
    "pg_user": "useconfig",
}

#: The view of what ANALYZE found, and its columns that show values of the tables themselves.
STATISTICS = "pg_stats"
STATISTICS_VALUES = words("""
    most_common_vals histogram_bounds most_common_elems range_bounds_histogram
""")

#: Columns whose statistics are as secret as they are.
SECRETS_IN_STATISTICS = words("""
    pg_authid.rolpassword pg_user_mapping.umoptions pg_foreign_server.srvoptions
    pg_foreign_data_wrapper.fdwoptions pg_db_role_setting.setconfig pg_subscription.subconninfo
    pg_largeobject.data pg_dist_authinfo.authinfo
""")

#: Catalogues and views of PostgreSQL that name no table or column of anybody's.
CATALOGUES_WITHOUT_TABLES = words("""
    pg_aggregate pg_am pg_amop pg_amproc pg_available_extension_versions pg_available_extensions
    pg_cast pg_collation pg_conversion pg_database pg_enum pg_extension pg_language pg_opclass
    pg_operator pg_opfamily pg_range pg_roles pg_settings pg_stat_activity pg_stat_archiver
    pg_stat_bgwriter pg_stat_checkpointer pg_stat_database pg_stat_io pg_stat_wal pg_tablespace
    pg_timezone_abbrevs pg_timezone_names pg_ts_config pg_ts_dict pg_ts_parser pg_ts_template
    pg_user character_sets collations information_schema_catalog_name sql_features
    sql_implementation_info sql_parts sql_sizing
""")

#: Types whose values are the names of tables, their row types and schemas.
TYPES_THAT_NAME_TABLES = words("regclass regtype regnamespace _regclass _regtype _regnamespace")

_TELLS_OF_TABLES = re.compile(r"""
    pg_get_(?!keywords$|userbyid$|functiondef$|function_.*|wait_events$|loaded_modules$
      |multixact_members$|wal_replay_pause_state$).*
  | has_(any_)?(table|column|sequence|schema|type)_privilege | to_reg(class|type|namespace)
  | (col|obj)_description | pg_describe_object | pg_identify_object.* | format_type
  | pg_(table|type|statistics_obj)_is_visible | pg_(relation|table|total_relation|indexes)_size
  | pg_relation_.* | pg_filenode_relation | pg_sequence_.* | currval | pg_partition_.*
  | pg_column_is_updatable | pg_index(am)?_.*has_property | row_security_active | pg_lock_status
  | pg_stat_get_.* | satisfies_hash_partition | regclass | regtype | regnamespace | current_schemas
  | _pg_.* | pgstat.* | pg_relpages | pg_freespace | pg_visibility.* | pg_check_.*
  | pg_buffercache.*
""", re.VERBOSE)  # fmt: skip

#: Functions that show a whole row, and could be called with a dot: ``row.to_json``.
ROW_FUNCTIONS = words("""
    any_out any_value anycompatible_out anycompatiblenonarray_out anyelement_out anynonarray_out
    array_agg concat hash_record hstore json_agg json_agg_strict json_build_array
    json_build_object jsonb_agg jsonb_agg_strict jsonb_build_array jsonb_build_object max min
    quote_literal quote_nullable record_out record_send row_to_json st_asgeojson st_asmvt to_json
    to_jsonb
""")

#: Settings that can hold a password, a command line, a key or a path of the server's computer.
SECRET_SETTINGS = words("""
    primary_conninfo ssl_passphrase_command archive_command restore_command recovery_end_command
    archive_cleanup_command session_preload_libraries local_preload_libraries wal_receiver_conninfo
    unix_socket_directories log_directory data_directory stats_temp_directory ssl_crl_dir
    krb_server_keyfile recovery_target_name
""")
_SECRET_WORDS = re.compile(
    r"""
    passw | secret | token | api_?key | credential | private
  | (^|[._])(dsn|conninfo|.*_file|.*_(directory|directories|dir))$
  | (^|[._])((?<!search_)path|.*(?<!search)_path)$
""",
    re.VERBOSE,
)

#: Settings that can hold a secret and whose value ``pg_settings`` would show.
SETTINGS_WITH_VALUES = ("primary_conninfo", "ssl_passphrase_command", "archive_command",
                        "restore_command")  # fmt: skip

#: Procedural languages whose functions may be looked into; any other can reach out unseen.
READABLE_LANGUAGES = frozenset({"sql", "plpgsql"})

#: Words that make a PL/pgSQL body more than reading, wherever they stand in it.
PLPGSQL_STOPS = words("""
    EXECUTE INSERT UPDATE DELETE_P MERGE TRUNCATE COPY NOTIFY LISTEN UNLISTEN LOCK_P CALL DO
    CREATE ALTER DROP GRANT REVOKE VACUUM PREPARE DEALLOCATE LOAD IMPORT_P COMMIT ROLLBACK
    REFRESH REINDEX CLUSTER CHECKPOINT SECURITY SET RESET DISCARD REASSIGN
""")


def tells_of_tables(function: str) -> bool:
    """Return whether a function tells names or sizes of tables, which a profile may hide."""
    return bool(_TELLS_OF_TABLES.fullmatch(function))


def is_secret_setting(name: str) -> bool:
    """Return whether showing this setting could show a secret; upper and lower case are equal."""
    lower = name.strip().lower()
    if lower == "password_encryption":  # the method's name
        return False
    return lower in SECRET_SETTINGS or bool(_SECRET_WORDS.search(lower))
