//! The configuration files of a cluster, as text.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use super::installation::Owner;
use super::layout::Layout;

/// The superuser of the bootstrap, as in RDS: not for customers, here only reachable by the Unix socket.
pub const ADMIN: &str = "rdsadmin";

/// What differs between clusters.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The TCP port on 127.0.0.1.
    pub port: u16,
    /// `max_connections`.
    pub max_connections: u32,
    /// What parameter groups set.
    pub parameters: BTreeMap<String, String>,
    /// Whether the write-ahead log is archived, that is, whether automated backups are on.
    pub archive: bool,
    /// For a server that still has to recover beyond its base backup: from where and to when.
    pub recovery: Option<Recovery>,
}

/// Recovery to a point in time.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// The source's archived write-ahead log.
    pub archive: std::path::PathBuf,
    /// The last instant whose commits are wanted.
    pub target: Timestamp,
}

/// Settings that are the same for each cluster.
///
/// These servers are throw-away: after a crash of the machine they are made anew. So they don't wait for disks
/// (`fsync` and friends off), and many of them must fit into little memory.
const FIXED: &str = "\
listen_addresses = '127.0.0.1'
unix_socket_permissions = 0700
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
password_encryption = 'scram-sha-256'
fsync = off
full_page_writes = off
shared_buffers = '32MB'
maintenance_work_mem = '32MB'
max_wal_size = '128MB'
min_wal_size = '8MB'
wal_keep_size = '32MB'
max_wal_senders = 4
max_replication_slots = 4
max_worker_processes = 4
autovacuum_max_workers = 2
jit = off
huge_pages = off
wal_level = 'replica'
archive_timeout = '60s'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
default_text_search_config = 'pg_catalog.english'
";

/// The text of `postgresql.conf`.
pub fn postgresql_conf(layout: &Layout, settings: &Settings) -> String {
    let mut text = FIXED.to_owned();
    let mut set = |name: &str, value: &str| {
        text.push_str(&format!("{name} = {}\n", quoted(value)));
    };
    set("max_connections", &settings.max_connections.to_string());
    // Of two lines for a parameter the last one counts. Those with `rds.` in front are RDS's own, not PostgreSQL's.
    let of_postgresql = |name: &&String| !name.starts_with("rds.");
    for name in settings.parameters.keys().filter(of_postgresql) {
        set(name, &settings.parameters[name]);
    }
    if is_on(settings, "rds.logical_replication").unwrap_or(false) {
        set("wal_level", "logical");
    }
    set("port", &settings.port.to_string());
    set(
        "unix_socket_directories",
        &layout.sockets().display().to_string(),
    );
    if settings.archive {
        set("archive_mode", "on");
        set(
            "archive_command",
            &archive_command(&layout.vault().archive()),
        );
    }
    if let Some(recovery) = &settings.recovery {
        // Without hot standby the first successful connection means that recovery is over.
        set("hot_standby", "off");
        set("restore_command", &restore_command(&recovery.archive));
        // A zone by name or letter isn't known yet when PostgreSQL reads its configuration: a numeric offset is.
        let target = recovery.target.strftime("%Y-%m-%d %H:%M:%S%.6f+00");
        set("recovery_target_time", &target.to_string());
        set("recovery_target_inclusive", "on");
        set("recovery_target_action", "promote");
    }
    text
}

fn is_on(settings: &Settings, name: &str) -> Option<bool> {
    let value = settings.parameters.get(name)?;
    Some(matches!(value.as_str(), "1" | "on" | "true"))
}

/// The text of `pg_hba.conf`: TCP only with TLS unless `rds.force_ssl` is off (it is on by default since version 15),
/// and never for `rdsadmin`.
pub fn pg_hba_conf(settings: &Settings) -> String {
    let tcp = if is_on(settings, "rds.force_ssl").unwrap_or(true) {
        "hostssl"
    } else {
        "host   "
    };
    format!(
        "local     all          {ADMIN}  peer map=local_cloud\n\
         local     replication  {ADMIN}  peer map=local_cloud\n\
         host      all          {ADMIN}  all  reject\n\
         {tcp}   all          all       127.0.0.1/32  scram-sha-256\n"
    )
}

/// The text of `pg_ident.conf`: which users of this machine are `rdsadmin` on the socket.
pub fn pg_ident_conf(owner: &Owner) -> String {
    owner
        .trusted_names()
        .iter()
        .map(|name| format!("local_cloud {name} {ADMIN}\n"))
        .collect()
}

/// Copies a finished segment under another name first, so that the archive holds whole segments only, and never
/// replaces one. The same segment may be offered again after a crash; that succeeds if it is the same in content
/// (PostgreSQL manual, continuous archiving).
fn archive_command(archive: &Path) -> String {
    let folder = shell_word(archive);
    format!(
        "if test -e {folder}/%f; then cmp -s %p {folder}/%f; \
         else cp --sparse=always %p {folder}/.%f.part && mv {folder}/.%f.part {folder}/%f; fi"
    )
}

fn restore_command(archive: &Path) -> String {
    format!("cp {}/%f %p", shell_word(archive))
}

/// One word for a shell, inside a command in which PostgreSQL replaces `%`.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string().replace('%', "%%");
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A value of `postgresql.conf`.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::super::layout::Site;
    use super::*;

    fn settings(recovery: Option<Recovery>, archive: bool) -> Settings {
        Settings {
            port: 15432,
            max_connections: 50,
            parameters: BTreeMap::new(),
            archive,
            recovery,
        }
    }

    fn conf(recovery: Option<Recovery>, archive: bool) -> String {
        let layout = Site::below(Path::new("/home of/it's 5%")).instance("a", "db-A");
        postgresql_conf(&layout, &settings(recovery, archive))
    }

    #[test]
    fn what_a_group_sets_overrides_our_own_settings_but_not_what_rds_controls() {
        let layout = Site::below(Path::new("/h")).instance("a", "db-A");
        let mut settings = settings(None, true);
        for (name, value) in [
            ("max_worker_processes", "0"),
            ("rds.logical_replication", "1"),
            ("rds.force_ssl", "0"),
        ] {
            settings.parameters.insert(name.into(), value.into());
        }
        let text = postgresql_conf(&layout, &settings);
        let last = |name: &str| {
            let mut lines = text.lines().filter(|line| line.starts_with(name));
            lines.next_back().map(str::to_owned)
        };
        assert_eq!(
            last("max_worker_processes").as_deref(),
            Some("max_worker_processes = '0'")
        );
        assert_eq!(last("wal_level").as_deref(), Some("wal_level = 'logical'"));
        assert!(!text.contains("rds."), "{text}");
        let hba = pg_hba_conf(&settings);
        assert!(hba.contains("host      all          all"), "{hba}");
    }

    #[test]
    fn a_path_with_spaces_quotes_and_percent_signs_survives_shell_and_configuration() {
        let text = conf(None, true);
        assert!(
            text.contains(
                r"cp --sparse=always %p ''/home of/it''\\''''s 5%%/rds/.backups/db-A/archive''/.%f.part"
            ),
            "{text}"
        );
        assert!(
            text.contains("unix_socket_directories = '/home of/it''s 5%/rds/.s'"),
            "{text}"
        );
    }

    #[test]
    fn without_backups_nothing_is_archived() {
        assert!(!conf(None, false).contains("archive_command"));
    }

    #[test]
    fn the_recovery_target_keeps_its_microseconds_and_its_zone() {
        let target = "2026-03-04T10:11:12.345678Z".parse().unwrap();
        let text = conf(
            Some(Recovery {
                archive: "/a".into(),
                target,
            }),
            true,
        );
        assert!(
            text.contains("recovery_target_time = '2026-03-04 10:11:12.345678+00'"),
            "{text}"
        );
        assert!(
            text.contains("restore_command = 'cp ''/a''/%f %p'"),
            "{text}"
        );
    }

    #[test]
    fn tcp_is_for_tls_only_and_never_for_the_bootstrap_superuser() {
        let hba = pg_hba_conf(&settings(None, true));
        let tcp: Vec<&str> = hba
            .lines()
            .filter(|line| line.starts_with("host"))
            .collect();
        assert!(
            tcp[0].contains(ADMIN) && tcp[0].ends_with("reject"),
            "{hba}"
        );
        assert!(
            tcp[1..].iter().all(|line| line.starts_with("hostssl")),
            "{hba}"
        );
    }
}
