//! What is passed on with a program for the licences of its crates: `handlers/release/notices`, on a workspace of a few
//! crates.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ARM64: &str = "aarch64-unknown-linux-gnu";
const MIT: &str = "MIT License\n\nCopyright its authors\n";

/// A workspace of two programs; the crates that they use lie beside them as a registry's would.
struct Workspace(PathBuf);

impl Workspace {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        let made = Self(folder);
        made.put(
            "Cargo.toml",
            "[workspace]\nresolver = '3'\nmembers = ['program', 'beside']\n",
        );
        made.put(
            ".cargo/config.toml",
            "[source.crates-io]\nreplace-with = 'here'\n[source.here]\ndirectory = 'crates'\n",
        );
        made.package("program", "[dependencies]\nplain = '1'\nmacros = '1'\n[build-dependencies]\ntool = '1'\n[dev-dependencies]\ntried = '1'\n[target.'cfg(target_arch = \"aarch64\")'.dependencies]\narm = '1'\n[target.'cfg(windows)'.dependencies]\nwindows = '1'\n");
        made.package(
            "beside",
            "[dependencies]\nplain = { version = '1', features = ['more'] }\napart = '1'\n",
        );
        made.package("crates/plain", "license = 'MIT'\nauthors = ['Ann', 'Bob']\nrepository = 'https://example.com/plain'\n[dependencies]\ndeep = { version = '1', optional = true }\n[features]\nmore = ['dep:deep']\n");
        made.package("crates/macros", "[lib]\nproc-macro = true\n");
        for name in ["tool", "tried", "arm", "windows", "apart", "deep"] {
            made.package(
                &format!("crates/{name}"),
                "license = 'MIT'\nauthors = ['Ann']\n",
            );
        }
        made
    }

    fn put(&self, path: &str, content: &str) {
        let file = self.0.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }

    fn package(&self, path: &str, manifest: &str) {
        let name = path.rsplit('/').next().unwrap();
        let head = format!("[package]\nname = '{name}'\nversion = '1.0.0'\nedition = '2024'\n");
        self.put(&format!("{path}/Cargo.toml"), &(head + manifest));
        self.put(&format!("{path}/src/lib.rs"), "");
        self.put(&format!("{path}/.cargo-checksum.json"), "{\"files\": {}}");
    }

    fn write_notices(&self, of: &[&str]) -> Output {
        let locked = Command::new("cargo")
            .args(["generate-lockfile", "--offline"])
            .current_dir(&self.0)
            .output()
            .unwrap();
        assert!(locked.status.success(), "{}", said(&locked));
        Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../handlers/release/notices"))
            .arg(self.0.join("out"))
            .arg(ARM64)
            .args(of)
            .current_dir(&self.0)
            .output()
            .unwrap()
    }

    fn notices_of(&self, of: &[&str]) -> String {
        let output = self.write_notices(of);
        assert!(output.status.success(), "{}", said(&output));
        fs::read_to_string(self.0.join("out/NOTICES.txt")).unwrap()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// The crates of the list before the texts.
fn listed(notices: &str) -> Vec<&str> {
    let list = notices.split("====").next().unwrap();
    list.lines()
        .filter_map(|line| line.split_once(" 1.0.0: "))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn the_crates_of_a_program_are_those_linked_into_it() {
    let workspace = Workspace::new("linked");
    assert_eq!(
        listed(&workspace.notices_of(&["program"])),
        ["arm", "plain"]
    );
    assert_eq!(
        listed(&workspace.notices_of(&["beside"])),
        ["apart", "deep", "plain"]
    );
}

#[test]
fn what_is_built_together_shares_the_features_of_crates() {
    let workspace = Workspace::new("together");
    let notices = workspace.notices_of(&["program", "program", "beside"]);
    assert_eq!(listed(&notices), ["arm", "deep", "plain"]);
}

#[test]
fn a_text_stands_there_once_with_all_that_it_is_of() {
    let workspace = Workspace::new("texts");
    workspace.put("crates/arm/LICENSE-MIT", MIT);
    workspace.put("crates/plain/license.txt", &MIT.replace('\n', "\r\n"));
    workspace.put("crates/plain/NOTICE", "Plain has this from there.\n");
    let notices = workspace.notices_of(&["program"]);
    assert_eq!(notices.matches("Copyright its authors").count(), 1);
    let rule = "=".repeat(80);
    let of = "arm 1.0.0: LICENSE-MIT\nplain 1.0.0: license.txt";
    let expected = format!("{rule}\n{of}\n{rule}\n\n{}", MIT.trim_end());
    assert!(notices.contains(&expected), "{notices}");
    assert!(notices.contains("Plain has this from there."));
}

#[test]
fn what_a_crate_has_copied_into_itself_is_told_too() {
    let workspace = Workspace::new("copied");
    for path in [
        "third_party/fiat/LICENSE",
        "src/spin/COPYING",
        "LICENSES/ISC.txt",
    ] {
        workspace.put(
            &format!("crates/plain/{path}"),
            &format!("The text of {path}"),
        );
    }
    workspace.put("crates/plain/src/license.rs", "//! code");
    workspace.put("crates/plain/tests/data/LICENSE", "Of what is tested with");
    let notices = workspace.notices_of(&["program"]);
    for path in [
        "third_party/fiat/LICENSE",
        "src/spin/COPYING",
        "LICENSES/ISC.txt",
    ] {
        assert!(
            notices.contains(&format!("plain 1.0.0: {path}\n")),
            "{notices}"
        );
        assert!(
            notices.contains(&format!("The text of {path}")),
            "{notices}"
        );
    }
    assert!(
        !notices.contains("code") && !notices.contains("tested with"),
        "{notices}"
    );
}

#[test]
fn a_crate_without_a_text_is_named_with_its_licence_authors_and_origin() {
    let workspace = Workspace::new("without");
    workspace.put("crates/arm/LICENSE", MIT);
    let output = workspace.write_notices(&["program"]);
    assert!(
        said(&output).contains("notices of 2 crates in program; without a text: plain 1.0.0\n"),
        "{}",
        said(&output)
    );
    let notices = fs::read_to_string(workspace.0.join("out/NOTICES.txt")).unwrap();
    assert!(
        notices.contains(
            "plain 1.0.0: MIT; Ann, Bob; https://example.com/plain; comes without a text\n"
        ),
        "{notices}"
    );
    assert!(notices.contains("arm 1.0.0: MIT; Ann\n"), "{notices}");
}

#[test]
fn the_same_crates_give_the_same_notices_in_whatever_folder() {
    let [one, other] = ["one", "one/deeper/other"].map(|name| {
        let workspace = Workspace::new(name);
        workspace.put("crates/plain/LICENSE", MIT);
        workspace.notices_of(&["program"])
    });
    assert_eq!(one, other);
    assert!(!one.contains(env!("CARGO_TARGET_TMPDIR")), "{one}");
}

#[test]
fn the_standard_library_has_its_own() {
    let workspace = Workspace::new("standard library");
    workspace.notices_of(&["program"]);
    let rust = fs::read_to_string(workspace.0.join("out/NOTICES-rust.html")).unwrap();
    assert!(rust.contains("Copyright notices for The Rust Standard Library"));
}

#[test]
fn what_is_no_program_here_has_no_notices() {
    let workspace = Workspace::new("none");
    let output = workspace.write_notices(&["another"]);
    assert!(!output.status.success());
    for word in ["`another` did not match", "notices: cargo tree failed"] {
        assert!(said(&output).contains(word), "{word}: {}", said(&output));
    }
    assert!(!workspace.0.join("out").exists());
}
