//! Who may request what, where a deployment says so. The bus policy says who may publish at all.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Cause, ErrorKind};
use crate::request::Request;

/// What each event source may request; `*` stands for all that aren't named. None at all: everyone everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Requesters(BTreeMap<String, Vec<Grant>>);

const ALL_OTHERS: &str = "*";

/// What an event source may request; what a grant doesn't limit, it allows whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Grant {
    sources: Option<Patterns>,
    /// Without it, targets are limited as sources are.
    targets: Option<Patterns>,
    databases: Option<Patterns>,
    schemas: Option<Patterns>,
}

/// Names, or the beginnings of names if they end in `*`. An empty list covers none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
struct Patterns(Vec<String>);

impl Patterns {
    fn cover(&self, name: &str) -> bool {
        self.0
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(beginning) => name.starts_with(beginning),
                None => pattern == name,
            })
    }
}

fn covered(patterns: Option<&Patterns>, name: &str) -> bool {
    patterns.is_none_or(|patterns| patterns.cover(name))
}

impl Grant {
    /// The fields of a request, with their values, that the grant doesn't cover.
    fn uncovered<'a>(&self, request: &'a Request) -> Vec<(String, &'a str)> {
        let source = ("source".to_owned(), request.source_identity());
        let targets = self.targets.as_ref().or(self.sources.as_ref());
        let target = request.target_identity();
        let target = target.map(|name| ("target".to_owned(), name));
        let database = ("database".to_owned(), request.database.as_str());
        let schemas = request.schemas.iter().enumerate();
        let schemas =
            schemas.map(|(position, pair)| (format!("schemas[{position}]"), pair.schema.as_str()));
        let outside = |patterns: &Option<Patterns>, name: &str| !covered(patterns.as_ref(), name);
        let mut fields = Vec::new();
        fields.extend(Some(source).filter(|(_, name)| outside(&self.sources, name)));
        fields.extend(target.filter(|(_, name)| !covered(targets, name)));
        fields.extend(Some(database).filter(|(_, name)| outside(&self.databases, name)));
        fields.extend(schemas.filter(|(_, name)| outside(&self.schemas, name)));
        fields
    }
}

impl Requesters {
    /// Whether an event source may request this. One grant must cover it whole.
    ///
    /// # Errors
    /// What the grant that comes nearest doesn't cover, a cause for each field.
    pub fn check(&self, event_source: &str, request: &Request) -> Result<(), Vec<Cause>> {
        if self.0.is_empty() {
            return Ok(());
        }
        let refuse = |what: &str| {
            let message = format!("the event source {event_source:?} may not request {what}");
            Cause::new(ErrorKind::NotPermitted, message)
        };
        let own = self.0.get(event_source);
        let grants = own.or_else(|| self.0.get(ALL_OTHERS));
        let nearest = grants
            .into_iter()
            .flatten()
            .map(|grant| grant.uncovered(request))
            .min_by_key(Vec::len);
        let Some(fields) = nearest else {
            return Err(vec![refuse("anything of this deployment")]);
        };
        if fields.is_empty() {
            return Ok(());
        }
        let refuse_field =
            |(field, name): (String, &str)| refuse(&format!("`{field}` {name:?}")).at(field);
        Err(fields.into_iter().map(refuse_field).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tenant_restore_events::Phase;

    use super::*;
    use crate::scene::Scene;

    /// Asks for the schemas `a` and `b` of the database `shop` of `production`; answers the fields that are refused.
    fn refused(rules: serde_json::Value, event_source: &str) -> Vec<Option<String>> {
        let requesters: Requesters = serde_json::from_value(rules).unwrap();
        let request = Scene::at(Phase::Intake).restore.request;
        let causes = requesters.check(event_source, &request).err();
        let causes = causes.into_iter().flatten();
        causes
            .inspect(|cause| assert_eq!(cause.kind, ErrorKind::NotPermitted))
            .map(|cause| cause.field)
            .collect()
    }

    fn fields<const N: usize>(names: [&str; N]) -> Vec<Option<String>> {
        names.map(|name| Some(name.to_owned())).into()
    }

    #[test]
    fn without_rules_everybody_may_request_everything() {
        assert_eq!(refused(json!({}), "anyone"), []);
    }

    #[test]
    fn with_rules_only_who_is_named_may_request() {
        let rules = json!({ "shop.backoffice": [{}], "shop.intern": [] });
        assert_eq!(refused(rules.clone(), "shop.backoffice"), []);
        assert_eq!(refused(rules.clone(), "shop.intern"), [None]);
        assert_eq!(refused(rules.clone(), "shop"), [None]);
        assert_eq!(refused(rules, "Shop.backoffice"), [None]);
    }

    #[test]
    fn the_star_is_for_those_who_are_not_named() {
        let rules = json!({ "shop.intern": [{ "databases": ["x"] }], "*": [{}] });
        assert_eq!(refused(rules.clone(), "anyone"), []);
        assert_eq!(refused(rules, "shop.intern"), fields(["database"]));
    }

    #[test]
    fn every_field_that_no_grant_covers_is_named() {
        let at = |grant| refused(json!({ "app": [grant] }), "app");
        assert_eq!(at(json!({ "sources": ["other"] })), fields(["source"]));
        assert_eq!(at(json!({ "databases": ["shop_"] })), fields(["database"]));
        assert_eq!(at(json!({ "schemas": ["a"] })), fields(["schemas[1]"]));
        assert_eq!(at(json!({ "databases": [] })), fields(["database"]));
        let none = json!({ "sources": ["x*"], "databases": ["x"], "schemas": ["x"] });
        let everything = ["source", "database", "schemas[0]", "schemas[1]"];
        assert_eq!(at(none), fields(everything));
    }

    #[test]
    fn a_star_at_the_end_stands_for_any_rest() {
        let grant =
            json!({ "sources": ["prod*"], "databases": ["shop", "cart"], "schemas": ["a", "b*"] });
        assert_eq!(refused(json!({ "app": [grant] }), "app"), []);
    }

    #[test]
    fn one_grant_must_cover_all_of_a_request() {
        let rules = json!({ "app": [
            { "sources": ["other"], "databases": ["cart"] },
            { "sources": ["production"], "databases": ["cart"] },
            { "sources": ["other"], "databases": ["shop"], "schemas": ["x"] },
        ]});
        assert_eq!(refused(rules, "app"), fields(["database"]));
    }

    #[test]
    fn a_target_is_limited_as_sources_are_unless_it_has_a_list_of_its_own() {
        let mut request = Scene::at(Phase::Intake).restore.request;
        request.target = Some("other".to_owned());
        let refused = |grant: serde_json::Value| {
            let rules = json!({ "app": [grant] });
            let requesters: Requesters = serde_json::from_value(rules).unwrap();
            let causes = requesters
                .check("app", &request)
                .err()
                .into_iter()
                .flatten();
            causes.map(|cause| cause.field).collect::<Vec<_>>()
        };
        assert_eq!(refused(json!({})), []);
        let sources = json!({ "sources": ["production"] });
        assert_eq!(refused(sources), fields(["target"]));
        let both = json!({ "sources": ["production"], "targets": ["oth*"] });
        assert_eq!(refused(both), []);
        assert_eq!(refused(json!({ "targets": ["x"] })), fields(["target"]));
    }

    #[test]
    fn a_member_of_a_cluster_is_covered_by_the_clusters_name_alone() {
        let rules = json!({ "app": [{ "sources": ["production"] }] });
        let requesters: Requesters = serde_json::from_value(rules).unwrap();
        let mut request = Scene::at(Phase::Intake).restore.request;
        request.source_cluster = Some("aurora".to_owned());
        assert!(requesters.check("app", &request).is_err());
        request.source = "aurora-writer".to_owned();
        request.source_cluster = Some("production".to_owned());
        assert_eq!(requesters.check("app", &request), Ok(()));
    }

    #[test]
    fn a_misspelt_grant_is_no_grant() {
        let rules = json!({ "app": [{ "schema": ["a"] }] });
        assert!(serde_json::from_value::<Requesters>(rules).is_err());
    }
}
