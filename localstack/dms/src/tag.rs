//! Tags.

use local_cloud_wire::AwsError;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::not_found;
use crate::request::{Tag, read};
use crate::state::State;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    #[serde(default)]
    resource_arn: String,
    #[serde(default)]
    resource_arn_list: Vec<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

impl State {
    /// AddTagsToResource.
    pub(crate) fn add_tags(&mut self, body: Value) -> Result<Value, AwsError> {
        let input: Input = read(body)?;
        self.known(&input.resource_arn)?;
        let tags = self.tags.entry(input.resource_arn).or_default();
        tags.retain(|old| input.tags.iter().all(|new| new.key != old.key));
        tags.extend(input.tags);
        Ok(json!({}))
    }

    /// RemoveTagsFromResource.
    pub(crate) fn remove_tags(&mut self, body: Value) -> Result<Value, AwsError> {
        let input: Input = read(body)?;
        self.known(&input.resource_arn)?;
        if let Some(tags) = self.tags.get_mut(&input.resource_arn) {
            tags.retain(|tag| !input.tag_keys.contains(&tag.key));
        }
        Ok(json!({}))
    }

    /// ListTagsForResource, for one resource or several.
    pub(crate) fn list_tags(&self, body: Value) -> Result<Value, AwsError> {
        let input: Input = read(body)?;
        let several = !input.resource_arn_list.is_empty();
        let arns = if several {
            input.resource_arn_list
        } else {
            vec![input.resource_arn]
        };
        let mut list = Vec::new();
        for arn in arns {
            self.known(&arn)?;
            for tag in self.tags.get(&arn).into_iter().flatten() {
                let mut entry = json!(tag);
                if several {
                    entry["ResourceArn"] = json!(arn);
                }
                list.push(entry);
            }
        }
        Ok(json!({"TagList": list}))
    }

    fn known(&self, arn: &str) -> Result<(), AwsError> {
        let known = self.instances.iter().any(|one| one.arn == arn)
            || self.endpoints.iter().any(|one| one.arn == arn)
            || self.tasks.iter().any(|one| one.arn == arn)
            || self.certificates.iter().any(|one| one.arn == arn)
            || self.subnet_groups.iter().any(|one| one.arn == arn);
        if known {
            Ok(())
        } else {
            Err(not_found(format!("Resource {arn} not found")))
        }
    }
}
