//! A task as the API and the events show it.

use jiff::Timestamp;
use local_cloud_wire::events::Event;
use local_cloud_wire::faults::Service;
use local_cloud_wire::time::{epoch_seconds, iso_milliseconds};
use serde_json::{Map, Value, json};

use crate::task::{Status, Task, TaskContainer};

impl Task {
    /// As DescribeTasks and the other operations answer it.
    pub(crate) fn view(&self, with_tags: bool) -> Value {
        let mut view = self.fields("ElasticNetworkInterface", epoch_seconds);
        view.insert(
            "tags".into(),
            if with_tags {
                json!(self.tags)
            } else {
                json!([])
            },
        );
        Value::Object(view)
    }

    /// The `ECS Task State Change` of the task as it is now.
    pub(crate) fn event(&self, now: Timestamp) -> Event {
        let iso = |instant| Value::from(iso_milliseconds(instant));
        let mut detail = self.fields("eni", iso);
        detail.insert("updatedAt".into(), iso(now));
        Event {
            id: None,
            service: Service::Ecs,
            detail_type: "ECS Task State Change".into(),
            resources: vec![self.arn.clone()],
            time: now,
            detail: Value::Object(detail),
        }
    }

    fn fields(
        &self,
        interface_type: &str,
        instant: impl Fn(Timestamp) -> Value,
    ) -> Map<String, Value> {
        let stopping = self.stop.is_some();
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        put("attachments", self.attachments(interface_type));
        put(
            "attributes",
            json!([{"name": "ecs.cpu-architecture", "value": "x86_64"}]),
        );
        put(
            "availabilityZone",
            json!(format!(
                "{}a",
                self.arn.split(':').nth(3).unwrap_or_default()
            )),
        );
        put("clusterArn", json!(self.cluster_arn));
        put("taskArn", json!(self.arn));
        put("taskDefinitionArn", json!(self.definition_arn));
        put(
            "containers",
            self.containers
                .iter()
                .map(|one| self.container(one))
                .collect(),
        );
        put("cpu", json!(self.cpu));
        put("memory", json!(self.memory));
        put("ephemeralStorage", json!({"sizeInGiB": 20}));
        put("enableExecuteCommand", json!(false));
        put("group", json!(self.group));
        put("launchType", json!(self.launch_type));
        put("platformVersion", json!("1.4.0"));
        put("platformFamily", json!("Linux"));
        put("lastStatus", json!(self.status));
        put(
            "desiredStatus",
            json!(if stopping { "STOPPED" } else { "RUNNING" }),
        );
        put("overrides", json!(self.overrides));
        put("version", json!(self.version));
        put("createdAt", instant(self.created_at));
        if let Some(started_by) = &self.started_by {
            put("startedBy", json!(started_by));
        }
        if self.pulled_at.is_some() {
            put("connectivity", json!("CONNECTED"));
        }
        if let Some(stop) = &self.stop {
            put("stopCode", json!(stop.code));
            put("stoppedReason", json!(stop.reason));
        }
        let instants = [
            ("connectivityAt", self.pulled_at),
            ("pullStartedAt", self.pulled_at),
            ("pullStoppedAt", self.started_at.and(self.pulled_at)),
            ("startedAt", self.started_at),
            ("stoppingAt", self.stopping_at),
            ("executionStoppedAt", self.execution_stopped_at),
            ("stoppedAt", self.stopped_at),
        ];
        for (name, value) in instants {
            if let Some(value) = value {
                fields.insert(name.to_owned(), instant(value));
            }
        }
        fields
    }

    fn attachments(&self, kind: &str) -> Value {
        let Some(interface) = &self.network_interface else {
            return json!([]);
        };
        let status = match self.status {
            Status::Provisioning => "ATTACHING",
            Status::Pending | Status::Running => "ATTACHED",
            Status::Deprovisioning => "DETACHING",
            Status::Stopped => "DELETED",
        };
        json!([{
            "id": interface.id,
            "type": kind,
            "status": status,
            "details": [{"name": "subnetId", "value": interface.subnet}],
        }])
    }

    fn container(&self, container: &TaskContainer) -> Value {
        let status = match self.status {
            Status::Provisioning | Status::Pending => "PENDING",
            Status::Running => "RUNNING",
            Status::Deprovisioning | Status::Stopped => "STOPPED",
        };
        let mut view = json!({
            "containerArn": self.arn.replacen(":task/", ":container/", 1) + "/" + &container.id,
            "taskArn": self.arn,
            "name": container.name,
            "image": container.image,
            "lastStatus": status,
            "networkInterfaces": [],
            "healthStatus": "UNKNOWN",
            "cpu": "0",
        });
        if let Some(id) = &container.runtime_id {
            view["runtimeId"] = json!(id);
        }
        if let Some(code) = container.exit_code {
            view["exitCode"] = json!(code);
        }
        if let Some(reason) = &container.reason {
            view["reason"] = json!(reason);
        }
        view
    }
}
