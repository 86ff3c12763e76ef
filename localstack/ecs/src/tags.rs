//! Tags of clusters, task definitions and tasks.

use local_cloud_wire::AwsError;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::invalid;
use crate::request::{Tag, last_part, read};
use crate::state::State;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    resource_arn: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

impl State {
    /// TagResource.
    pub(crate) fn tag(&mut self, body: Value) -> Result<Value, AwsError> {
        let input: Resource = read(body)?;
        let tags = self.tags(&input.resource_arn)?;
        tags.retain(|old| input.tags.iter().all(|new| new.key != old.key));
        tags.extend(input.tags);
        Ok(json!({}))
    }

    /// UntagResource.
    pub(crate) fn untag(&mut self, body: Value) -> Result<Value, AwsError> {
        let input: Resource = read(body)?;
        self.tags(&input.resource_arn)?
            .retain(|tag| !input.tag_keys.contains(&tag.key));
        Ok(json!({}))
    }

    /// ListTagsForResource.
    pub(crate) fn list_tags(&mut self, body: Value) -> Result<Value, AwsError> {
        let input: Resource = read(body)?;
        Ok(json!({"tags": self.tags(&input.resource_arn)?}))
    }

    fn tags(&mut self, arn: &str) -> Result<&mut Vec<Tag>, AwsError> {
        let kind = arn
            .splitn(6, ':')
            .nth(5)
            .and_then(|resource| resource.split('/').next());
        let found = match kind {
            Some("cluster") => self
                .clusters
                .get_mut(last_part(arn))
                .map(|one| &mut one.tags),
            Some("task") => self.tasks.get_mut(last_part(arn)).map(|one| &mut one.tags),
            Some("task-definition") => self
                .definitions
                .iter_mut()
                .find(|one| one.arn == arn)
                .map(|one| &mut one.tags),
            _ => None,
        };
        found.ok_or_else(|| invalid("The specified resource is not found."))
    }
}
