//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tenant_restore_events::Phase;

/// Bring tenants' PostgreSQL schemas back beside the live ones.
#[derive(Debug, Parser)]
#[command(name = "tenant-restore", version)]
pub struct Arguments {
    /// Which deployment.
    #[command(flatten)]
    pub deployment: Deployment,
    /// How AWS is reached.
    #[command(flatten)]
    pub connection: Connection,
    /// How the answer is written
    #[arg(long, global = true, value_enum, help_heading = "Answer", default_value_t = Output::Text)]
    pub output: Output,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Which deployment is spoken to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Deployment")]
pub struct Deployment {
    /// Name of the deployment; bus and table are called the same by default
    #[arg(
        long,
        global = true,
        env = "TENANT_RESTORE_DEPLOYMENT",
        default_value = "tenant-restore"
    )]
    pub deployment: String,
    /// Name or ARN of the event bus
    #[arg(long, global = true, env = "TENANT_RESTORE_BUS")]
    bus: Option<String>,
    /// Name or ARN of the table with the records
    #[arg(long, global = true, env = "TENANT_RESTORE_TABLE")]
    table: Option<String>,
}

impl Deployment {
    /// The event bus.
    pub fn bus(&self) -> &str {
        self.bus.as_deref().unwrap_or(&self.deployment)
    }

    /// The table.
    pub fn table(&self) -> &str {
        self.table.as_deref().unwrap_or(&self.deployment)
    }

    /// The queue of that role: a phase, or `dead`.
    pub fn queue(&self, role: &str) -> String {
        format!("{}-{role}", self.deployment)
    }
}

/// How AWS is reached; what isn't given comes from the ordinary SDK configuration.
#[derive(Debug, Args)]
#[command(next_help_heading = "AWS")]
pub struct Connection {
    /// AWS region
    #[arg(long, global = true)]
    pub region: Option<String>,
    /// Profile of the AWS configuration files
    #[arg(long, global = true)]
    pub profile: Option<String>,
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Text,
    /// For programs: one document, or one per line for `watch`
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Publish a RestoreRequested event
    #[command(
        after_help = "Exit codes: 0 published (with --watch: completed), 1 with --watch: rejected or failed, 2 usage or AWS error."
    )]
    Request {
        /// The request.
        #[command(flatten)]
        request: Box<Request>,
        /// Follow the restore to its end
        #[arg(long)]
        watch: bool,
    },
    /// Publish a RestorePlanRequested event and print what a restore would do, create, cost and take
    #[command(
        after_help = "Exit codes: 0 it would be accepted, 1 it would be rejected, 2 usage or AWS error."
    )]
    Plan(Box<Request>),
    /// Show a restore
    Status {
        /// Restore id or request id
        id: String,
        /// Show its log too: what woke which handler, and what it decided
        #[arg(long)]
        log: bool,
    },
    /// List the restores, the newest first
    List {
        /// Only those that have no outcome yet
        #[arg(long)]
        live: bool,
        /// How many at most; default: 20, and all of those without an outcome
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
        limit: Option<u16>,
    },
    /// Follow a restore to its end; reads its record once a second
    #[command(after_help = "Exit codes: 0 completed, 1 rejected or failed, 2 usage or AWS error.")]
    Watch {
        /// Restore id or request id; a plan is waited for and printed
        id: String,
        /// Seconds to wait for the restore's record to appear: its event may still be under way
        #[arg(long, default_value_t = 10)]
        grace: u32,
    },
    /// Fetch the report of a restore that has ended and open its page; with `--output json`, print the report for programs
    Report(Report),
    /// Publish a RestoreCancelRequested event: the restore fails, what is temporary is deleted
    Cancel(Reference),
    /// Publish a RestoreReplayRequested event: a failed or rejected restore begins a new attempt
    Replay(Reference),
    /// Look at the messages that nobody could handle, send them again or drop them
    Dlq {
        /// What to do with them.
        #[command(subcommand)]
        command: Dlq,
    },
}

/// Names a restore, for an event about it.
#[derive(Debug, Args)]
pub struct Reference {
    /// Restore id or request id
    pub id: String,
    /// Free text for the audit record
    #[arg(long)]
    pub requested_by: Option<String>,
}

/// Which report, and what becomes of it.
#[derive(Debug, Args)]
pub struct Report {
    /// Restore id or request id
    pub id: String,
    /// Attempt, from 1; default: the last
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub attempt: Option<u32>,
    /// File to write it to; default: tenant-restore-<RESTORE>-<ATTEMPT>.html in this folder, and for JSON standard output
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Don't open the page, only save it
    #[arg(long)]
    pub no_open: bool,
}

/// What to do with the messages that nobody could handle.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Dlq {
    /// List the letters, oldest first, and leave them where they are
    List,
    /// Show a whole letter
    Show {
        /// Its number in the list, or its message id
        letter: String,
    },
    /// Send a letter to the phase that it belongs to, then delete it
    #[command(
        after_help = "Exit codes: 0 all were sent, 2 a letter isn't there or belongs to no phase, usage or AWS error."
    )]
    Replay {
        /// Its message id
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        letter: Option<String>,
        /// Every letter that can be seen
        #[arg(long)]
        all: bool,
        /// The phase to send it to; default: the one that it belongs to
        #[arg(long, value_name = "PHASE", conflicts_with = "all", value_parser = phase)]
        to: Option<Phase>,
    },
    /// Delete a letter for good
    Drop {
        /// Its message id
        letter: String,
    },
}

fn phase(name: &str) -> Result<Phase, String> {
    let names = Phase::ALL.map(Phase::as_str).join(", ");
    Phase::parse(name).ok_or_else(|| format!("the phases are {names}"))
}

/// A request, as options or as a file. Options replace the file's fields.
#[derive(Debug, Default, Args)]
#[group(skip)]
pub struct Request {
    /// JSON file with the event's detail; `-` reads standard input
    #[arg(long)]
    pub file: Option<PathBuf>,
    /// PostgreSQL database
    #[arg(long, required_unless_present = "file")]
    pub database: Option<String>,
    /// Schema in exact catalog spelling; repeat it or separate several by commas
    #[arg(
        long = "schema",
        value_name = "SCHEMA",
        value_delimiter = ',',
        required_unless_present = "file"
    )]
    pub schemas: Vec<String>,
    /// RFC 3339 instant with offset, whole seconds
    #[arg(long, required_unless_present_any = ["snapshot_id", "file"], conflicts_with = "snapshot_id")]
    pub restore_time: Option<String>,
    /// Instance or cluster snapshot, identifier or ARN
    #[arg(long)]
    pub snapshot_id: Option<String>,
    /// DB instance or cluster to restore from; default: the deployment's
    #[arg(long)]
    pub source: Option<String>,
    /// Where the schemas go, if not the source itself
    #[arg(long)]
    pub target: Option<String>,
    /// Idempotency key; default: a new one
    #[arg(long)]
    pub request_id: Option<String>,
    /// Suffix of the restored names; default: the restore point, `YYYYMMDDHHMMSS` in UTC
    #[arg(long)]
    pub suffix: Option<String>,
    /// How rows are moved
    #[arg(long, value_parser = ["auto", "dms", "copy"])]
    pub mover: Option<String>,
    /// How much is compared at the end
    #[arg(long, value_parser = ["full", "counts", "none"])]
    pub validate: Option<String>,
    /// What happens to restored schemas that differ
    #[arg(long, value_parser = ["keep", "drop"])]
    pub on_mismatch: Option<String>,
    /// What happens to the temporary resources after a failure
    #[arg(long, value_parser = ["cleanup", "hold"])]
    pub on_failure: Option<String>,
    /// What happens to foreign keys to tables outside the restored schemas
    #[arg(long, value_parser = ["validate", "notValid", "skip"])]
    pub external_foreign_keys: Option<String>,
    /// Findings of the preflight that don't forbid this restore; repeat it or separate several by commas
    #[arg(long, value_delimiter = ',', value_parser = ["eventTriggers", "publications"])]
    pub accept: Vec<String>,
    /// Free text for the audit record
    #[arg(long)]
    pub requested_by: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split_whitespace())
    }

    fn request(line: &str) -> Request {
        match parse(line).unwrap().command {
            Command::Request { request, .. } => *request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_arguments_contradict_each_other_nowhere() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn schemas_may_be_repeated_or_separated_by_commas() {
        let line = "tenant-restore request --database d --schema a,b --schema c --restore-time 2024-01-28T14:30:00Z";
        assert_eq!(request(line).schemas, ["a", "b", "c"]);
    }

    #[test]
    fn a_request_needs_exactly_one_restore_point() {
        let neither = parse("tenant-restore request --database d --schema s").unwrap_err();
        assert!(neither.to_string().contains("--restore-time"), "{neither}");
        let both =
            "tenant-restore request --database d --schema s --restore-time t --snapshot-id x";
        assert!(
            parse(both)
                .unwrap_err()
                .to_string()
                .contains("cannot be used with")
        );
        assert!(parse("tenant-restore request --database d --schema s --snapshot-id x").is_ok());
    }

    #[test]
    fn a_file_needs_no_other_option() {
        assert_eq!(
            request("tenant-restore request --file -").file,
            Some(PathBuf::from("-"))
        );
    }

    #[test]
    fn an_unknown_choice_is_a_usage_error_that_lists_the_choices() {
        let error = parse("tenant-restore request --file - --mover truck").unwrap_err();
        assert!(error.to_string().contains("auto, dms, copy"), "{error}");
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn bus_and_table_are_called_like_the_deployment_unless_told_otherwise() {
        let plain = parse("tenant-restore status x --deployment blue")
            .unwrap()
            .deployment;
        assert_eq!((plain.bus(), plain.table()), ("blue", "blue"));
        let told = parse("tenant-restore status x --deployment blue --bus b --table t")
            .unwrap()
            .deployment;
        assert_eq!((told.bus(), told.table()), ("b", "t"));
    }

    #[test]
    fn nothing_is_offered_that_does_not_exist() {
        for absent in [
            "list --limit 0",
            "report",
            "report x --attempt 0",
            "dlq purge",
        ] {
            assert!(
                parse(&format!("tenant-restore {absent}")).is_err(),
                "{absent}"
            );
        }
    }

    fn dlq(line: &str) -> Result<Dlq, clap::Error> {
        match parse(&format!("tenant-restore dlq {line}"))?.command {
            Command::Dlq { command } => Ok(command),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_replay_is_of_one_letter_or_of_all_and_only_one_can_be_sent_elsewhere() {
        let (letter, to) = (Some("m-1".to_owned()), Some(Phase::Ddl));
        let one = Dlq::Replay {
            letter,
            all: false,
            to,
        };
        assert_eq!(dlq("replay m-1 --to ddl").unwrap(), one);
        assert!(dlq("replay --all").is_ok());
        for contradiction in ["replay", "replay m-1 --all", "replay --all --to ddl"] {
            assert!(dlq(contradiction).is_err(), "{contradiction}");
        }
    }

    #[test]
    fn an_unknown_phase_is_a_usage_error_that_lists_the_phases() {
        let error = dlq("replay m-1 --to moon").unwrap_err().to_string();
        assert!(error.contains("intake, provision, ddl"), "{error}");
    }
}
