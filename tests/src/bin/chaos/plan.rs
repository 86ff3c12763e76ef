//! What a seed decides: whom each restore asks for, and what is killed under it.

use crate::chance::Chance;

/// How a run is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Decides everything that chance decides.
    pub seed: u64,
    /// How many restores.
    pub restores: u64,
    /// How many of them at once.
    pub at_once: usize,
}

/// The phases whose handlers are killed, with the latest invocation that every restore surely has.
pub const HANDLERS: [(&str, u64); 7] = [
    ("intake", 2),
    ("provision", 2),
    ("ddl", 2),
    ("migrate", 3),
    ("finalize", 2),
    ("cleanup", 2),
    ("complete", 1),
];

/// A job of the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Looks at production before anything is made.
    Preflight,
    /// Extracts the DDL and applies its first part.
    Ddl,
    /// Copies rows.
    Copy,
    /// Builds indexes and constraints, checks, opens.
    Finalize,
    /// Drops what a failed restore put into production.
    Drop,
}

impl Job {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Preflight,
        Self::Ddl,
        Self::Copy,
        Self::Finalize,
        Self::Drop,
    ];

    /// The phase that starts it.
    pub fn phase(self) -> &'static str {
        match self {
            Self::Preflight => "intake",
            Self::Ddl => "ddl",
            Self::Copy => "migrate",
            Self::Finalize => "finalize",
            Self::Drop => "cleanup",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Ddl => "ddl",
            Self::Copy => "copy",
            Self::Finalize => "finalize",
            Self::Drop => "drop",
        }
    }
}

/// A call of one handler, refused for longer than the SDK tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    pub phase: &'static str,
    pub service: &'static str,
    pub action: &'static str,
}

const fn of(phase: &'static str, service: &'static str, action: &'static str) -> Outage {
    Outage {
        phase,
        service,
        action,
    }
}

/// Calls that name their restore, of every handler and service.
pub const OUTAGES: [Outage; 32] = [
    of("intake", "s3", "PutObject"),
    of("intake", "ecs", "RunTask"),
    of("intake", "dynamodb", "TransactWriteItems"),
    of("intake", "sqs", "SendMessage"),
    of("intake", "events", "PutEvents"),
    of("provision", "rds", "RestoreDBInstanceToPointInTime"),
    of("provision", "rds", "DescribeDBInstances"),
    of("provision", "dynamodb", "GetItem"),
    of("ddl", "secretsmanager", "CreateSecret"),
    of("ddl", "secretsmanager", "DescribeSecret"),
    of("ddl", "s3", "GetObject"),
    of("ddl", "ecs", "RunTask"),
    of("migrate", "dms", "CreateReplicationInstance"),
    of("migrate", "dms", "DescribeReplicationInstances"),
    of("migrate", "dms", "CreateEndpoint"),
    of("migrate", "dms", "TestConnection"),
    of("migrate", "dms", "CreateReplicationTask"),
    of("migrate", "dms", "StartReplicationTask"),
    of("migrate", "dms", "DescribeReplicationTasks"),
    of("migrate", "ecs", "RunTask"),
    of("finalize", "ecs", "RunTask"),
    of("finalize", "s3", "PutObject"),
    of("cleanup", "rds", "DeleteDBInstance"),
    of("cleanup", "dms", "DeleteReplicationTask"),
    of("cleanup", "dms", "DeleteEndpoint"),
    of("cleanup", "dms", "DeleteReplicationInstance"),
    of("cleanup", "secretsmanager", "DeleteSecret"),
    of("cleanup", "s3", "ListObjectsV2"),
    of("cleanup", "sqs", "SendMessage"),
    of("complete", "s3", "PutObject"),
    of("complete", "events", "PutEvents"),
    of("complete", "sns", "Publish"),
];

/// Hardly an invocation is shorter.
const LATEST_HANDLER_KILL_MS: u64 = 60;
/// Small schemas are applied and copied within a second.
const LATEST_WORKER_KILL_MS: u64 = 300;

/// What is killed under a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Victim {
    /// The process of a handler, in one of its invocations for this restore, so many milliseconds after its begin.
    Handler {
        phase: &'static str,
        invocation: u64,
        ms: u64,
    },
    /// The worker task of a job, so many milliseconds after its start.
    Worker { job: Job, ms: u64 },
}

/// One restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// From 1.
    pub number: u64,
    /// Which of the databases.
    pub database: usize,
    /// Whether both of its schemas, or the first alone.
    pub both: bool,
    /// How rows are moved.
    pub mover: &'static str,
    /// What is killed.
    pub victim: Victim,
    /// What is refused for long.
    pub outage: Outage,
    /// Whether it is replayed if it fails, while the events of its first attempt come once more.
    pub is_replayed: bool,
}

impl Plan {
    /// What the seed decides about a restore.
    pub fn of(seed: u64, number: u64, databases: usize) -> Self {
        let mut chance = Chance::of(seed, number);
        let places: Vec<usize> = (0..databases).collect();
        let database = *chance.pick(&places);
        let both = chance.below(2) == 0;
        let victim = victim(&mut chance);
        // A copy that is to be killed must take place.
        let is_copy_killed = matches!(victim, Victim::Worker { job: Job::Copy, .. });
        let mover = if is_copy_killed || chance.below(10) < 3 {
            "copy"
        } else {
            "auto"
        };
        Self {
            number,
            database,
            both,
            mover,
            victim,
            outage: *chance.pick(&OUTAGES),
            is_replayed: chance.below(2) == 0,
        }
    }
}

/// Two handlers for every worker.
fn victim(chance: &mut Chance) -> Victim {
    if chance.below(3) == 0 {
        return Victim::Worker {
            job: *chance.pick(&Job::ALL),
            ms: chance.below(LATEST_WORKER_KILL_MS),
        };
    }
    let (phase, invocations) = *chance.pick(&HANDLERS);
    Victim::Handler {
        phase,
        invocation: 1 + chance.below(invocations),
        ms: chance.below(LATEST_HANDLER_KILL_MS),
    }
}

/// Reads `--seed N --restores N --at-once N`.
///
/// # Errors
/// What is wrong with them.
pub fn read(arguments: impl Iterator<Item = String>, default: Wish) -> Result<Wish, String> {
    let mut wish = default;
    let mut arguments = arguments;
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|text| text.parse::<u64>().ok());
        let Some(value) = value else {
            return Err(format!("{name} needs a number"));
        };
        match name.as_str() {
            "--seed" => wish.seed = value,
            "--restores" => wish.restores = value,
            "--at-once" => wish.at_once = usize::try_from(value).unwrap_or(usize::MAX).max(1),
            _ => return Err(format!("{name} is none of --seed, --restores, --at-once")),
        }
    }
    Ok(wish)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: Wish = Wish {
        seed: 1,
        restores: 20,
        at_once: 4,
    };

    fn plans(seed: u64) -> Vec<Plan> {
        (1..=200).map(|number| Plan::of(seed, number, 4)).collect()
    }

    #[test]
    fn the_same_seed_plans_the_same_run_and_another_seed_another() {
        assert_eq!(plans(7), plans(7));
        assert_ne!(plans(7), plans(8));
    }

    #[test]
    fn a_longer_run_begins_as_a_shorter_one() {
        assert_eq!(
            plans(7)[..20],
            (1..=20).map(|n| Plan::of(7, n, 4)).collect::<Vec<_>>()
        );
    }

    #[test]
    fn two_hundred_restores_kill_every_handler_and_every_worker() {
        let plans = plans(7);
        for (phase, _) in HANDLERS {
            let is_killed = |plan: &Plan| matches!(plan.victim, Victim::Handler { phase: of, .. } if of == phase);
            assert!(plans.iter().any(is_killed), "{phase}");
        }
        for job in Job::ALL {
            let is_killed =
                |plan: &Plan| matches!(plan.victim, Victim::Worker { job: of, .. } if of == job);
            assert!(plans.iter().any(is_killed), "{job:?}");
        }
        for outage in OUTAGES {
            assert!(plans.iter().any(|plan| plan.outage == outage), "{outage:?}");
        }
    }

    #[test]
    fn options_are_read_and_mistakes_named() {
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let wish = read(words("--seed 9 --at-once 2").into_iter(), DEFAULT);
        assert_eq!(
            wish,
            Ok(Wish {
                seed: 9,
                restores: 20,
                at_once: 2
            })
        );
        assert!(
            read(words("--seed x").into_iter(), DEFAULT)
                .unwrap_err()
                .contains("--seed")
        );
        assert!(
            read(words("--sede 1").into_iter(), DEFAULT)
                .unwrap_err()
                .contains("--sede")
        );
    }
}
