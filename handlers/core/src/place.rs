//! Where a deployment is: it serves databases of its own region and account alone.

use serde_json::Value;

use crate::error::{Cause, ErrorKind};

/// Region and account of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    region: String,
    account: String,
}

impl Home {
    /// The home of whatever has this ARN, if it is one with region and account.
    pub fn of(arn: &str) -> Option<Self> {
        let mut parts = arn.strip_prefix("arn:")?.split(':').skip(2);
        let (region, account) = (parts.next()?, parts.next()?);
        (!region.is_empty() && !account.is_empty()).then(|| Self {
            region: region.to_owned(),
            account: account.to_owned(),
        })
    }

    /// What is wrong with the ARNs in `source` and `target` of a request.
    pub fn refuse_foreign(&self, detail: &Value) -> Vec<Cause> {
        let problem = |field: &str| {
            let text = detail.get(field)?.as_str()?;
            let problem = self.problem(text)?;
            Some(Cause::new(ErrorKind::InvalidRequest, format!("`{field}`: {problem}")).at(field))
        };
        ["source", "target"]
            .into_iter()
            .filter_map(problem)
            .collect()
    }

    fn problem(&self, text: &str) -> Option<String> {
        if !text.starts_with("arn:") {
            return None;
        }
        let parts: Vec<_> = text.splitn(7, ':').collect();
        let [_, _, "rds", region, account, "db" | "cluster", name] = parts[..] else {
            return Some(format!("{text:?} is no ARN of a DB instance or cluster"));
        };
        let Self {
            region: home_region,
            account: home_account,
        } = self;
        if name.is_empty() {
            return Some(format!("{text:?} names no DB instance or cluster"));
        }
        (region != home_region || account != home_account).then(|| {
            format!(
                "{text:?} lies in region {region} of account {account}; this deployment serves region {home_region} of \
                 account {home_account}"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn home() -> Home {
        Home::of("arn:aws:ecs:eu-west-3:111122223333:cluster/tenant-restore").unwrap()
    }

    fn fields(detail: &Value) -> Vec<String> {
        let causes = home().refuse_foreign(detail).into_iter();
        causes.filter_map(|cause| cause.field).collect()
    }

    #[test]
    fn names_and_arns_of_the_own_region_and_account_are_taken() {
        for source in [
            "production",
            "arn:aws:rds:eu-west-3:111122223333:db:production",
            "arn:aws:rds:eu-west-3:111122223333:cluster:aurora",
        ] {
            assert_eq!(fields(&json!({ "source": source })), [""; 0], "{source}");
        }
    }

    #[test]
    fn an_arn_of_another_region_account_or_kind_is_refused_and_never_read_as_a_name() {
        for arn in [
            "arn:aws:rds:us-east-1:111122223333:db:production",
            "arn:aws:rds:eu-west-3:444455556666:db:production",
            "arn:aws:rds:eu-west-3:111122223333:snapshot:production",
            "arn:aws:rds:eu-west-3:111122223333:db:",
            "arn:aws:s3:::production",
        ] {
            let detail = json!({ "source": arn, "target": arn });
            assert_eq!(fields(&detail), ["source", "target"], "{arn}");
        }
        let refused = home().refuse_foreign(&json!({
            "source": "arn:aws:rds:us-east-1:111122223333:db:production"
        }));
        assert!(refused[0].message.contains("us-east-1"));
        assert!(refused[0].message.contains("eu-west-3"));
    }
}
