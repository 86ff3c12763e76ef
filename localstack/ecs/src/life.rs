//! The life of a task, from provisioning to its end.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use local_cloud_wire::cloud::{Caller, CloudError, Scope};
use local_cloud_wire::faults::Service;
use local_cloud_wire::{AwsError, Call};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::definition::{Container, Definition};
use crate::environment::{Surroundings, variables};
use crate::failure::client;
use crate::fault;
use crate::logs::{self, Stream};
use crate::process::Process;
use crate::request::{ContainerOverride, RunTask};
use crate::service::{Ask, Ecs};
use crate::task::{Stop, StopCode, Task};

/// What a task runs.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    region: String,
    container: Container,
    overrides: ContainerOverride,
    task_role: Option<String>,
}

impl Plan {
    pub(crate) fn new(
        call: &Call,
        input: &RunTask,
        definition: Definition,
    ) -> Result<Self, AwsError> {
        let content = definition.content;
        let first = content.container_definitions.into_iter().next();
        let container = first.ok_or_else(|| client("TaskDefinition has no container."))?;
        let overrides = input
            .overrides
            .container_overrides
            .iter()
            .find(|one| one.name == container.name);
        Ok(Self {
            region: call.region.clone(),
            overrides: overrides.cloned().unwrap_or_default(),
            task_role: input
                .overrides
                .task_role_arn
                .clone()
                .or(content.task_role_arn),
            container,
        })
    }

    fn grace(&self) -> Duration {
        Duration::from_secs(self.container.stop_timeout.unwrap_or(30).min(120))
    }
}

/// How a task ended.
struct Ending {
    stop: Stop,
    exit_code: Option<i32>,
    reason: Option<String>,
}

impl Ending {
    fn never_started(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            stop: Stop::new(StopCode::TaskFailedToStart, reason.clone()),
            exit_code: None,
            reason: Some(reason),
        }
    }

    fn exited(exit_code: i32, reason: Option<String>) -> Self {
        let stop = Stop::new(
            StopCode::EssentialContainerExited,
            "Essential container in task exited",
        );
        Self {
            stop,
            exit_code: Some(exit_code),
            reason,
        }
    }

    fn terminated(exit_code: Option<i32>) -> Self {
        let stop = Stop::new(
            StopCode::TerminationNotice,
            "The local cloud is being stopped",
        );
        Self {
            stop,
            exit_code,
            reason: None,
        }
    }
}

/// A task in the middle of its life.
pub(crate) struct Life {
    pub(crate) ecs: Ecs,
    pub(crate) id: String,
    pub(crate) plan: Plan,
    pub(crate) asked: watch::Receiver<Ask>,
}

impl Life {
    /// Lives to the end; every step is saved and published.
    pub(crate) async fn live(mut self) {
        let ending = self.until_the_end().await;
        let container = self.plan.container.name.clone();
        self.ecs.change(&self.id, |task, now| {
            task.deprovision(now, ending.stop);
            task.report(&container, ending.exit_code, ending.reason);
        });
        sleep(Duration::from_millis(self.ecs.config.deprovisioning_ms)).await;
        self.ecs.change(&self.id, Task::end);
        self.ecs.running().remove(&self.id);
    }

    async fn until_the_end(&mut self) -> Ending {
        tokio::select! {
            () = sleep(Duration::from_millis(self.ecs.config.provisioning_ms)) => {}
            () = asked(&mut self.asked) => return Ending::terminated(None),
        }
        self.ecs.change(&self.id, Task::pend);
        match self.begin().await {
            Ok(started) => self.attend(started).await,
            Err(ending) => ending,
        }
    }

    async fn begin(&self) -> Result<Started, Ending> {
        if let Some(fault) = self.fault(fault::START_FAILURE) {
            let reason = fault
                .message
                .unwrap_or_else(|| "CannotPullContainerError: a fault was switched on".into());
            return Err(Ending::never_started(reason));
        }
        let binary = self.ecs.config.binaries.get(&self.plan.container.name);
        let binary = binary.ok_or_else(|| {
            let image = &self.plan.container.image;
            Ending::never_started(format!(
                "CannotPullContainerError: no binary is configured for the image {image}"
            ))
        })?;
        let initialize = |error: CloudError| {
            Ending::never_started(format!("ResourceInitializationError: {error}"))
        };
        let world = &self.ecs.world;
        let stream = Stream::open(
            &world.cloud,
            &self.plan.region,
            &self.plan.container,
            &self.id,
        )
        .await
        .map_err(initialize)?;
        let environment = self.environment().await.map_err(initialize)?;
        let arguments = self
            .plan
            .overrides
            .command
            .as_ref()
            .unwrap_or(&self.plan.container.command);
        let started = Process::start(binary, arguments, &environment);
        let (process, stdout, stderr) = started.map_err(|error| {
            Ending::never_started(format!(
                "CannotStartContainerError: {}: {error}",
                binary.display()
            ))
        })?;
        let file = self.log_file();
        let output =
            tokio::spawn(async move { logs::carry(stdout, stderr, &file, stream.as_ref()).await });
        let runtime_id = format!("{}-{}", self.id, process.id());
        self.ecs
            .change(&self.id, |task, now| task.run(now, &runtime_id));
        Ok(Started { process, output })
    }

    async fn attend(&mut self, started: Started) -> Ending {
        let Started {
            mut process,
            output,
        } = started;
        let kill = self.fault(fault::KILL_TASK);
        let kill_after = kill
            .as_ref()
            .map(|fault| Duration::from_millis(fault.ms.unwrap_or(0)));
        let ended = tokio::select! {
            code = process.end() => code.map(|code| Ending::exited(code, None)),
            () = sleep(kill_after.unwrap_or_default()), if kill_after.is_some() => {
                let reason = kill.and_then(|fault| fault.message);
                process.kill().await.map(|code| Ending::exited(code, reason))
            }
            () = asked(&mut self.asked) => {
                let grace = if *self.asked.borrow() == Ask::Shutdown { SHUTDOWN_GRACE } else { self.plan.grace() };
                process.terminate(grace).await.map(|code| Ending::terminated(Some(code)))
            }
        };
        match output.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(task = self.id, %error, "keep a task's output"),
            Err(error) => tracing::error!(task = self.id, %error, "keep a task's output"),
        }
        ended.unwrap_or_else(|error| {
            Ending::exited(255, Some(format!("ContainerRuntimeError: {error}")))
        })
    }

    async fn environment(&self) -> Result<std::collections::BTreeMap<String, String>, CloudError> {
        let Plan {
            region,
            container,
            overrides,
            task_role,
        } = &self.plan;
        let world = &self.ecs.world;
        let session = match task_role {
            Some(role) => Some(world.cloud.assume_role(region, role, &self.id).await?),
            None => None,
        };
        let scope = Scope {
            service: "secretsmanager",
            region,
            caller: Caller::Root,
        };
        let mut secrets = Vec::new();
        for secret in &container.secrets {
            secrets.push((
                secret.name.clone(),
                world.cloud.secret_string(scope, &secret.value_from).await?,
            ));
        }
        let around = Surroundings {
            endpoint: world.cloud.endpoint(),
            region,
            ca: &world.home.join("ca.pem"),
            path: &std::env::var("PATH").unwrap_or_default(),
            session: session.as_ref(),
            local: &self.ecs.config.environment,
        };
        Ok(variables(container, secrets, overrides, &around))
    }

    fn log_file(&self) -> PathBuf {
        self.ecs
            .world
            .home
            .join("ecs")
            .join(format!("{}.log", self.id))
    }

    fn fault(&self, name: &str) -> Option<local_cloud_wire::faults::Fault> {
        let subject = self.ecs.state().tasks.get(&self.id)?.subject();
        self.ecs.world.faults.strikes(Service::Ecs, name, &subject)
    }
}

/// A process with the task that keeps its output.
struct Started {
    process: Process,
    output: tokio::task::JoinHandle<io::Result<()>>,
}

/// How long processes get to end when the server itself ends.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Resolves when the task is asked to end. An asker that is gone asks for nothing.
async fn asked(ask: &mut watch::Receiver<Ask>) {
    if ask.wait_for(|ask| *ask != Ask::Live).await.is_err() {
        std::future::pending::<()>().await;
    }
}
