//! Parameters of calls, checked one by one.

use jiff::Timestamp;
use local_cloud_wire::AwsError;
use local_cloud_wire::query::Form;

use crate::record::Tag;
use crate::refusal::{invalid_combination, invalid_value, missing};

/// A parameter that must be there.
///
/// # Errors
/// `MissingParameter`.
pub fn required<'a>(form: &'a Form, name: &str) -> Result<&'a str, AwsError> {
    form.get(name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| missing(name))
}

/// A whole number within a range.
///
/// # Errors
/// `InvalidParameterValue`.
pub fn number(
    form: &Form,
    name: &str,
    range: std::ops::RangeInclusive<u32>,
) -> Result<Option<u32>, AwsError> {
    let Some(text) = form.get(name) else {
        return Ok(None);
    };
    let value = text.parse().ok().filter(|value| range.contains(value));
    let problem = || {
        invalid_value(format!(
            "{name} must be a number from {} to {}: {text}",
            range.start(),
            range.end()
        ))
    };
    value.map(Some).ok_or_else(problem)
}

/// `true` or `false`.
///
/// # Errors
/// `InvalidParameterValue`.
pub fn boolean(form: &Form, name: &str) -> Result<Option<bool>, AwsError> {
    match form.get(name) {
        None => Ok(None),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(text) => Err(invalid_value(format!(
            "{name} must be true or false: {text}"
        ))),
    }
}

/// An instant.
///
/// # Errors
/// `InvalidParameterValue`.
pub fn instant(form: &Form, name: &str) -> Result<Option<Timestamp>, AwsError> {
    let Some(text) = form.get(name) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        invalid_value(format!(
            "{name} must be an instant such as 2026-03-04T10:11:12Z: {text}"
        ))
    })
}

/// A new instance's identifier, in the lower case in which RDS stores it.
///
/// # Errors
/// `InvalidParameterValue` for what isn't 1 to 63 letters, digits and single hyphens with a letter in front.
pub fn new_identifier(form: &Form, name: &str) -> Result<String, AwsError> {
    let text = required(form, name)?;
    let allowed = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let shaped = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with('-')
        && !text.contains("--");
    if allowed && shaped && text.len() <= 63 {
        return Ok(text.to_ascii_lowercase());
    }
    Err(invalid_value(format!(
        "The parameter {name} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, \
         digits, and hyphens; must not end with a hyphen or contain two consecutive hyphens; and have at most 63 characters."
    )))
}

/// The identifier in an identifier or in an instance's ARN, in lower case.
pub fn identifier_of(text: &str) -> String {
    text.rsplit_once(":db:")
        .map_or(text, |(_, identifier)| identifier)
        .to_ascii_lowercase()
}

/// The identifier in an identifier or in a cluster's ARN, in lower case.
pub fn cluster_identifier_of(text: &str) -> String {
    text.rsplit_once(":cluster:")
        .map_or(text, |(_, identifier)| identifier)
        .to_ascii_lowercase()
}

/// The password rules of RDS for PostgreSQL: 8 to 128 printable ASCII characters without `/`, `"`, `@` and space.
///
/// # Errors
/// `InvalidParameterValue`, which doesn't repeat the password.
pub fn password(form: &Form) -> Result<Option<String>, AwsError> {
    password_of(form, 128)
}

/// The same for Aurora, with at most 41 characters.
///
/// # Errors
/// `InvalidParameterValue`, which doesn't repeat the password.
pub fn cluster_password(form: &Form) -> Result<Option<String>, AwsError> {
    password_of(form, 41)
}

fn password_of(form: &Form, most: usize) -> Result<Option<String>, AwsError> {
    let Some(text) = form.get("MasterUserPassword") else {
        return Ok(None);
    };
    let printable = text
        .chars()
        .all(|c| c.is_ascii_graphic() && !matches!(c, '/' | '"' | '@'));
    if printable && (8..=most).contains(&text.len()) {
        return Ok(Some(text.to_owned()));
    }
    Err(invalid_value(format!(
        "The parameter MasterUserPassword is not a valid password. It must have 8 to {most} printable ASCII characters besides '/', '@', '\"', ' '.",
    )))
}

/// A name inside PostgreSQL: a letter (or `_` where that is allowed), then letters, digits and `_`; at most 63.
///
/// # Errors
/// `InvalidParameterValue`.
pub fn database_name(name: &str, text: &str) -> Result<String, AwsError> {
    let shaped = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && text.len() <= 63;
    let reserved = [
        "rdsadmin",
        "rds_superuser",
        "rds_replication",
        "rds_password",
        "template0",
        "template1",
        "public",
    ];
    if !shaped || text.starts_with("pg_") || reserved.contains(&text.to_ascii_lowercase().as_str())
    {
        return Err(invalid_value(format!(
            "{name} {text} cannot be used: it is reserved or not a valid name."
        )));
    }
    Ok(text.to_owned())
}

/// The tags in `Tags`.
///
/// # Errors
/// `InvalidParameterValue` for a key that is empty, too long, reserved or given twice; at most 50.
pub fn tags(form: &Form) -> Result<Vec<Tag>, AwsError> {
    let mut tags: Vec<Tag> = Vec::new();
    for item in form.structures("Tags") {
        let key = required(&item, "Key")?.to_owned();
        let value = item.get("Value").unwrap_or_default().to_owned();
        if key.chars().count() > 128 || value.chars().count() > 256 || key.starts_with("aws:") {
            return Err(invalid_value(format!(
                "The tag {key} is too long or reserved."
            )));
        }
        if tags.iter().any(|tag| tag.key == key) {
            return Err(invalid_combination(format!(
                "The tag {key} is given twice."
            )));
        }
        tags.push(Tag { key, value });
    }
    if tags.len() > 50 {
        Err(invalid_combination("At most 50 tags."))
    } else {
        Ok(tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(body: &str) -> Form {
        Form::decode(body.as_bytes())
    }

    #[test]
    fn identifiers_follow_the_rules_of_rds() {
        let check = |text: &str| new_identifier(&form(&format!("I={text}")), "I");
        assert_eq!(check("Tr-Main-a1").unwrap(), "tr-main-a1");
        for bad in ["1a", "a-", "a--b", "a_b", &"a".repeat(64), "-a", "a.b"] {
            assert_eq!(
                check(bad).unwrap_err().code,
                "InvalidParameterValue",
                "{bad}"
            );
        }
        assert_eq!(check("").unwrap_err().code, "MissingParameter");
    }

    #[test]
    fn a_bad_password_is_refused_without_being_repeated() {
        for bad in ["short", "with%20space1", "with%2Fslash1", "with%40at-sign"] {
            let error = password(&form(&format!("MasterUserPassword={bad}"))).unwrap_err();
            assert_eq!(error.code, "InvalidParameterValue");
            assert!(
                !error.message.contains("short") && !error.message.contains("with "),
                "{error}"
            );
        }
        assert_eq!(
            password(&form("MasterUserPassword=long-enough_1"))
                .unwrap()
                .as_deref(),
            Some("long-enough_1")
        );
    }

    #[test]
    fn the_bootstrap_superuser_and_system_names_are_not_for_customers() {
        for bad in [
            "rdsadmin",
            "pg_monitor",
            "RDSADMIN",
            "1st",
            "with-hyphen",
            "template1",
        ] {
            assert!(database_name("MasterUsername", bad).is_err(), "{bad}");
        }
        assert!(database_name("DBName", "tenant_a").is_ok());
    }

    #[test]
    fn an_instance_is_named_by_identifier_or_by_arn() {
        assert_eq!(
            identifier_of("arn:aws:rds:eu-west-3:000000000000:db:Prod"),
            "prod"
        );
        assert_eq!(identifier_of("Prod"), "prod");
    }

    #[test]
    fn tags_are_read_in_both_spellings_of_the_query_protocol() {
        let expected = [Tag {
            key: "a".into(),
            value: "b".into(),
        }];
        assert_eq!(
            tags(&form("Tags.Tag.1.Key=a&Tags.Tag.1.Value=b")).unwrap(),
            expected
        );
        assert_eq!(
            tags(&form("Tags.member.1.Key=a&Tags.member.1.Value=b")).unwrap(),
            expected
        );
        assert!(tags(&form("Tags.Tag.1.Key=a&Tags.Tag.2.Key=a")).is_err());
    }
}
