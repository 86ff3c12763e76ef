//! The credentials of the restore point: a restored database has the password that its source had then, which is that of
//! some version of the source's secret.
//!
//! Which one can't be known for sure: a rotation makes the version before it changes the password, a person may do it the
//! other way round (Secrets Manager user guide, "Rotation"). So the likeliest is tried first, then its neighbours; only
//! when none logs in is the password reset.

use jiff::Timestamp;

use crate::job::{MoverChoice, Probe};
use crate::restore::{Restore, Source};

/// So many versions are tried at most. More would be those of a restore point that lies several rotations away.
const MOST_CANDIDATES: usize = 8;

/// A version of a secret, as `ListSecretVersionIds` shows it, deprecated ones too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretVersion {
    /// Its id.
    pub id: String,
    /// When it was created.
    pub created: Timestamp,
}

/// The ids of the versions to try, likeliest first: the newest that existed at that instant, then its neighbours, the
/// older of two first, since a rotation that is under way has made its version but not set its password.
pub fn candidates(versions: &[SecretVersion], at: Timestamp) -> Vec<String> {
    let mut sorted: Vec<_> = versions.iter().collect();
    sorted.sort_by_key(|version| version.created);
    let existed = sorted.partition_point(|version| version.created <= at);
    let mut older = sorted[..existed].iter().rev();
    let mut newer = sorted[existed..].iter();
    let mut found: Vec<String> = older
        .next()
        .map(|version| version.id.clone())
        .into_iter()
        .collect();
    loop {
        let pair = [older.next(), newer.next()];
        if pair == [None, None] || found.len() >= MOST_CANDIDATES {
            found.truncate(MOST_CANDIDATES);
            return found;
        }
        found.extend(pair.into_iter().flatten().map(|version| version.id.clone()));
    }
}

/// What a worker is to try, if the source's secret has any version left.
pub fn probe(restore: &Restore, source: &Source, versions: &[SecretVersion]) -> Option<Probe> {
    let versions = candidates(versions, restore.request.restore_point.instant());
    let secret = source.secret.clone().filter(|_| !versions.is_empty())?;
    Some(Probe {
        secret,
        versions,
        // Whether DMS is needed is known only after the extraction, which needs a login.
        for_dms: restore.request.mover != MoverChoice::Copy,
    })
}

/// Whether DMS takes a password with these characters only (DMS user guide, "Creating source and target endpoints" and
/// "Using secrets to access database endpoints", which forbids more).
pub fn dms_accepts(password: &str) -> bool {
    const REFUSED: &str = ";.:+{}*&,%\\";
    password
        .chars()
        .all(|character| character.is_ascii_graphic() && !REFUSED.contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(days: &[i8]) -> Vec<SecretVersion> {
        days.iter()
            .map(|day| SecretVersion {
                id: format!("v{day}"),
                created: format!("2024-01-{day:02}T00:00:00.5Z").parse().unwrap(),
            })
            .collect()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_version_that_was_current_comes_first_then_its_neighbours_the_older_one_before_the_newer()
    {
        let found = candidates(&versions(&[9, 3, 7, 5, 1]), at("2024-01-06T00:00:00Z"));
        assert_eq!(found, ["v5", "v3", "v7", "v1", "v9"]);
    }

    #[test]
    fn a_version_of_a_later_fraction_of_the_same_second_did_not_exist_yet() {
        let found = candidates(&versions(&[1, 5]), at("2024-01-05T00:00:00Z"));
        assert_eq!(found, ["v1", "v5"]);
    }

    #[test]
    fn before_the_first_version_and_after_the_last_the_nearest_come_first() {
        let all = versions(&[2, 4, 6]);
        assert_eq!(
            candidates(&all, at("2024-01-01T00:00:00Z")),
            ["v2", "v4", "v6"]
        );
        assert_eq!(
            candidates(&all, at("2024-01-09T00:00:00Z")),
            ["v6", "v4", "v2"]
        );
        assert_eq!(candidates(&[], at("2024-01-09T00:00:00Z")), [""; 0]);
    }

    #[test]
    fn only_so_many_are_tried() {
        let all = versions(&(1..=28).collect::<Vec<_>>());
        let found = candidates(&all, at("2024-01-20T00:00:00Z"));
        assert_eq!(found.len(), MOST_CANDIDATES);
        assert_eq!(found[0], "v19");
    }

    #[test]
    fn what_dms_refuses_in_a_password_is_known() {
        assert!(dms_accepts("abcXYZ019-_"));
        for refused in [
            ";", "+", "%", "{", "}", ".", ":", "*", "&", ",", "\\", " ", "é",
        ] {
            assert!(!dms_accepts(&format!("ab{refused}c")), "{refused}");
        }
    }
}
