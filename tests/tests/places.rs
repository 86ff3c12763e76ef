//! The same bytes wherever a release is built: `handlers/release/build` has the compilers map away every folder of the
//! machine. What it tells them is read by a Cargo that builds nothing, in a checkout that holds the script alone.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// As on a new machine: the crates have a folder only once they are fetched.
const CARGO: &str = r#"#!/bin/bash
case $1 in
    fetch) mkdir -p "$CARGO_HOME/registry/src/index-1" ;;
    build)
        tr '\037' '\n' <<<"$CARGO_ENCODED_RUSTFLAGS" >"$TOLD/rust"
        # As the crate `cc` reads them, if it is told so.
        [[ $CC_SHELL_ESCAPED_FLAGS == 1 ]] && eval "set -- $CFLAGS_aarch64_unknown_linux_gnu"
        printf '%s\n' "$@" >"$TOLD/c"
        echo "$CARGO_TARGET_DIR" >"$TOLD/target"
        exit 1
        ;;
esac
"#;

struct Machine(PathBuf);

impl Machine {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder.canonicalize().unwrap())
    }

    fn put(&self, path: &Path, script: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, script).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn check_out(&self, folder: &str) {
        let scripts = self.0.join(folder).join("handlers/release");
        for other in ["prerequisites", "ca-bundle"] {
            self.put(&scripts.join(other), "#!/bin/bash\n");
        }
        let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("../handlers/release/build");
        self.put(&scripts.join("build"), &fs::read_to_string(build).unwrap());
        self.put(&self.0.join("bin/cargo"), CARGO);
    }

    /// Builds in a folder until Cargo is called, and gives what the compilers for Rust and C were told of places.
    fn told(&self, folder: &str, target: Option<&str>) -> [String; 2] {
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new(self.0.join(folder).join("handlers/release/build"));
        command
            .env("PATH", format!("{}:{path}", self.0.join("bin").display()))
            .env("CARGO_HOME", self.0.join("cargo"))
            .env("TOLD", &self.0)
            .env_remove("CARGO_TARGET_DIR");
        if let Some(target) = target {
            command.env("CARGO_TARGET_DIR", target);
        }
        assert!(!command.output().unwrap().status.success());
        ["rust", "c"].map(|of| self.read(of))
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    fn mapped(&self, checkout: &str, target: &str) -> [String; 2] {
        let places = [
            (checkout, "/tenant-restore"),
            (target, "/tenant-restore/target"),
            ("cargo/registry/src/index-1", "/crates"),
        ];
        ["--remap-path-prefix", "-ffile-prefix-map"].map(|flag| {
            let line = |(from, to)| format!("{flag}={}={to}\n", self.0.join(from).display());
            places.map(line).concat()
        })
    }
}

#[test]
fn checkout_and_crates_are_mapped_away_on_a_machine_that_has_no_crate_yet() {
    let machine = Machine::new("new machine");
    machine.check_out("checkout");
    let told = machine.told("checkout", None);
    assert_eq!(told, machine.mapped("checkout", "checkout/target"));
}

#[test]
fn a_target_folder_elsewhere_is_mapped_away() {
    let machine = Machine::new("elsewhere");
    machine.check_out("checkout");
    let told = machine.told("checkout", Some("../compiled"));
    assert_eq!(told, machine.mapped("checkout", "compiled"));
    let target = machine.0.join("compiled");
    assert_eq!(Path::new(machine.read("target").trim_end()), target);
}

#[test]
fn a_checkout_behind_a_link_is_mapped_by_its_own_path() {
    let machine = Machine::new("link");
    machine.check_out("checkout");
    symlink(machine.0.join("checkout"), machine.0.join("link")).unwrap();
    let told = machine.told("link", None);
    assert_eq!(told, machine.mapped("checkout", "checkout/target"));
}
