//! The licences of everything that the project is built from, as the packages themselves state them: nothing that asks for
//! more than a notice. The image's Debian packages are another matter (docs/release.md).

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use spdx::{Expression, LicenseReq, ParseMode};

/// Permissive all of them: who passes a binary on passes on their texts.
const ACCEPTED: [&str; 10] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BlueOak-1.0.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// In tools of the build alone, which nobody passes on.
const ACCEPTED_IN_TOOLS: [&str; 1] = ["Python-2.0"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn is_accepted(expression: &str, more: &[&str]) -> bool {
    let accepts = |wanted: &LicenseReq| {
        let id = wanted.license.id();
        id.is_some_and(|id| ACCEPTED.contains(&id.name) || more.contains(&id.name))
    };
    // Older packages write MIT/Apache-2.0.
    Expression::parse_mode(expression, ParseMode::LAX).is_ok_and(|parsed| parsed.evaluate(accepts))
}

/// `name version: licence` of those that aren't accepted.
fn refused<'a>(
    packages: impl Iterator<Item = (String, &'a Value)>,
    more: &[&str],
) -> (usize, Vec<String>) {
    let (mut seen, mut refused) = (0, Vec::new());
    for (name, licence) in packages {
        seen += 1;
        if !is_accepted(licence.as_str().unwrap_or_default(), more) {
            refused.push(format!("{name}: {licence}"));
        }
    }
    (seen, refused)
}

#[test]
fn every_crate_has_a_licence_that_we_accept() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let named = packages.iter().map(|package| {
        (
            format!("{} {}", package["name"], package["version"]),
            &package["license"],
        )
    });
    let (seen, refused) = refused(named, &[]);
    assert!(seen > 200, "{seen} crates");
    assert_eq!(refused, Vec::<String>::new());
}

#[test]
fn every_package_of_the_cdk_app_has_a_licence_that_we_accept() {
    let lock = std::fs::read_to_string(root().join("infra/package-lock.json")).unwrap();
    let lock: Value = serde_json::from_str(&lock).unwrap();
    let packages = lock["packages"].as_object().unwrap();
    let named = packages.iter().filter(|(path, _)| !path.is_empty());
    let named = named.map(|(path, package)| (path.clone(), &package["license"]));
    let (seen, refused) = refused(named, &ACCEPTED_IN_TOOLS);
    assert!(seen > 50, "{seen} packages");
    assert_eq!(refused, Vec::<String>::new());
}

#[test]
fn what_asks_for_more_than_a_notice_is_not_accepted() {
    for expression in [
        "GPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "SSPL-1.0",
        "proprietary",
        "",
    ] {
        assert!(!is_accepted(expression, &[]), "{expression}");
    }
    for expression in [
        "MIT/Apache-2.0",
        "MIT OR GPL-3.0-or-later",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
    ] {
        assert!(is_accepted(expression, &[]), "{expression}");
    }
}
