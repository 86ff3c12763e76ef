//! The same restore by well-known tools, each into a database of its own that goes again.

use std::process::Command;
use std::time::Instant;

use super::AT_ONCE;
use super::cluster::{Cluster, MASTER, MASTER_PASSWORD};

/// Seconds of each.
pub struct Others {
    /// `pg_dump -Fd` and then `pg_restore`, with jobs.
    pub pg_restore: f64,
    /// `pgcopydb clone`, with jobs, big tables split.
    pub pgcopydb: f64,
    /// The rows alone, table by table through one pipe.
    pub pipe: f64,
}

/// Measures all.
pub async fn run(production: &Cluster, temporary: &Cluster) -> Others {
    let folder = std::env::temp_dir().join(format!("tr-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let place = Place {
        from: uri(temporary, "app"),
        folder: folder.display().to_string(),
    };
    let measured = Others {
        pg_restore: into(production, "by_pg_restore", |to| {
            place.run(&format!(
                "pg_dump -Fd -j {AT_ONCE} -n acme -Z 0 -f \"$folder/dump\" \"$from\" && \
                 pg_restore -j {AT_ONCE} -O -d \"$to\" \"$folder/dump\" && rm -r \"$folder/dump\""
            ), to)
        })
        .await,
        pgcopydb: into(production, "by_pgcopydb", |to| {
            place.run(&format!(
                "printf '[include-only-schema]\\nacme\\n' > \"$folder/filters\" && \
                 pgcopydb clone --source \"$from\" --target \"$to\" --dir \"$folder/pgcopydb\" --filters \"$folder/filters\" \
                 --table-jobs {AT_ONCE} --index-jobs {AT_ONCE} --split-tables-larger-than 256MB --no-owner --no-acl \
                 --skip-large-objects --skip-extensions"
            ), to)
        })
        .await,
        pipe: into(production, "by_pipe", |to| {
            place.run("pg_dump -Fp --section=pre-data -O -n acme \"$from\" | psql -qX -v ON_ERROR_STOP=1 -d \"$to\"", to);
            let began = Instant::now();
            place.run(
                "psql -AtX -d \"$from\" -c \"select format('%I.%I', schemaname, tablename) from pg_tables t \
                 where schemaname = 'acme' and (select relkind from pg_class where oid = format('%I.%I', schemaname, tablename)::regclass) = 'r'\" | \
                 while read table; do psql -qX -d \"$from\" -c \"copy $table to stdout (format binary)\" | \
                 psql -qX -v ON_ERROR_STOP=1 -d \"$to\" -c \"copy $table from stdin (format binary)\" || exit 1; done",
                to,
            );
            began.elapsed().as_secs_f64()
        })
        .await,
    };
    std::fs::remove_dir_all(&folder).unwrap();
    measured
}

/// The seconds of pg_dump of a schema's definitions.
pub fn dump_seconds(cluster: &Cluster, schema: &str) -> f64 {
    let place = Place {
        from: uri(cluster, "app"),
        folder: String::new(),
    };
    place.run(
        &format!("pg_dump -Fc --schema-only -n {schema} \"$from\" > /dev/null"),
        "",
    )
}

fn uri(cluster: &Cluster, database: &str) -> String {
    format!(
        "postgres://{MASTER}:{MASTER_PASSWORD}@localhost:{}/{database}?sslmode=verify-full&sslrootcert={}",
        cluster.server().port,
        cluster.ca_bundle().display()
    )
}

/// The seconds that it takes, or says that its part took, in a new database.
async fn into(production: &Cluster, database: &str, restore: impl FnOnce(&str) -> f64) -> f64 {
    let create = format!("create database {database} owner {MASTER}");
    production.script("postgres", &create).await;
    let seconds = restore(&uri(production, database));
    let restored = production.superuser(database).await;
    let count = "select (select count(*) from acme.orders), (select count(*) from acme.session)";
    let rows = restored.query_one(count, &[]).await.unwrap();
    let live = production.superuser("app").await;
    let expected = live.query_one(count, &[]).await.unwrap();
    for at in 0..2 {
        assert_eq!(
            rows.get::<_, i64>(at),
            expected.get::<_, i64>(at),
            "{database}"
        );
    }
    drop(restored);
    let drop_it = format!("drop database {database} with (force)");
    production.script("postgres", &drop_it).await;
    production.script("postgres", "checkpoint").await;
    println!("  {database}: {seconds:.1} s");
    seconds
}

struct Place {
    from: String,
    folder: String,
}

impl Place {
    /// Runs a command line, which must succeed; the seconds.
    fn run(&self, line: &str, to: &str) -> f64 {
        let began = Instant::now();
        let output = Command::new("bash")
            .args(["-o", "pipefail", "-c", line])
            .env_clear()
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", Cluster::programs().display()),
            )
            .envs([
                ("from", self.from.as_str()),
                ("to", to),
                ("folder", self.folder.as_str()),
            ])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{line}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        began.elapsed().as_secs_f64()
    }
}
