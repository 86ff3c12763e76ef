//! Identifiers and the ARNs they make.

use local_cloud_wire::arn::arn;
use local_cloud_wire::{AwsError, ids};

use crate::failure::invalid;

/// The ARN of a new resource: its last part is the `ResourceIdentifier`, or random (DMS API reference).
pub(crate) fn new_arn(
    region: &str,
    kind: &str,
    resource_identifier: Option<&str>,
) -> Result<String, AwsError> {
    let last = match resource_identifier {
        Some(identifier) => checked(identifier, 31, "ResourceIdentifier")?.to_owned(),
        None => ids::hex(13).to_uppercase(),
    };
    Ok(arn("dms", region, &format!("{kind}:{last}")))
}

/// An identifier of at most `longest` letters, digits and hyphens, a letter first, no hyphen last nor two in a row.
pub(crate) fn checked<'a>(
    identifier: &'a str,
    longest: usize,
    what: &str,
) -> Result<&'a str, AwsError> {
    let plain = identifier
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-');
    let starts = identifier.starts_with(|c: char| c.is_ascii_alphabetic());
    if plain
        && starts
        && identifier.len() <= longest
        && !identifier.ends_with('-')
        && !identifier.contains("--")
    {
        return Ok(identifier);
    }
    Err(invalid(format!(
        "The {what} {identifier:?} must have 1 to {longest} ASCII letters, digits and hyphens, begin with a letter, not end with a hyphen and not contain two hyphens in a row"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_identifier_makes_the_arn_predictable() {
        let arn = new_arn("eu-west-3", "rep", Some("tr-main-abcdefghijkl-i")).unwrap();
        assert_eq!(
            arn,
            "arn:aws:dms:eu-west-3:000000000000:rep:tr-main-abcdefghijkl-i"
        );
        assert_ne!(
            new_arn("eu-west-3", "rep", None),
            new_arn("eu-west-3", "rep", None)
        );
    }

    #[test]
    fn wrong_identifiers_are_refused() {
        for wrong in ["", "1a", "a-", "a--b", "a_b", &"a".repeat(32)] {
            assert!(checked(wrong, 31, "ResourceIdentifier").is_err(), "{wrong}");
        }
    }
}
