select
    pg_catalog.pg_size_bytes(pg_catalog.current_setting('shared_buffers')) / 1024 as shared_buffers_kb,
    pg_catalog.pg_size_bytes(pg_catalog.current_setting('maintenance_work_mem')) / 1024 as maintenance_work_mem_kb,
    pg_catalog.current_setting('max_parallel_workers')::int8 as max_parallel_workers,
    pg_catalog.current_setting('max_parallel_maintenance_workers')::int8 as max_parallel_maintenance_workers
