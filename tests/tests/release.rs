//! What `make build` refuses: the scripts of `handlers/release`, each by itself, without a build.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

const OF_RDS: &str = "Amazon RDS eu-west-3 Root CA RSA2048 G1";
/// As many as the script takes for whole.
const ENOUGH: usize = 80;

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../handlers/release")
}

/// A folder for one test's files.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// An authority's certificate, valid until the year.
fn certificate(common_name: &str, until: i32) -> String {
    let mut params = CertificateParams::new([]).unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().pem()
}

/// What the check of a bundle says, and the bundle that it wrote.
fn check_bundle(name: &str, bundle: &str) -> (Output, Option<String>) {
    let folder = folder(name);
    fs::write(folder.join("given.pem"), bundle).unwrap();
    let output = Command::new(scripts().join("ca-bundle"))
        .arg(folder.join("taken.pem"))
        .env("RDS_CA_BUNDLE", folder.join("given.pem"))
        .output()
        .unwrap();
    (output, fs::read_to_string(folder.join("taken.pem")).ok())
}

#[test]
fn certificates_of_rds_are_taken_without_the_expired_ones() {
    let (valid, expired) = (certificate(OF_RDS, 2061), certificate(OF_RDS, 2024));
    let (output, taken) = check_bundle("whole", &(expired + &valid.repeat(ENOUGH)));
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("80 certificates of RDS's authorities, 1 expired"));
    let whole = valid.replace('\r', "").repeat(ENOUGH);
    assert_eq!(taken.unwrap().replace('\r', ""), whole);
}

#[test]
fn what_is_no_list_of_rds_is_refused() {
    let other = certificate("Example Root CA", 2061);
    let few = certificate(OF_RDS, 2061).repeat(2);
    let broken = "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n";
    for (name, bundle, reason) in [
        ("other", other.as_str(), "is no authority of RDS"),
        ("few", &few, "it has 2 valid certificates, at least 80"),
        ("broken", broken, "it isn't PEM"),
        ("a page", "<html>", "it has 0 valid certificates"),
    ] {
        let (output, taken) = check_bundle(name, bundle);
        assert!(!output.status.success(), "{name}");
        assert!(said(&output).contains(reason), "{name}: {}", said(&output));
        assert_eq!(taken, None, "{name}");
    }
}

#[test]
fn a_program_that_needs_a_newer_glibc_is_refused() {
    let check = |version: &str| {
        let mut command = Command::new(scripts().join("glibc"));
        command.arg(version).arg(env::current_exe().unwrap());
        command.output().unwrap()
    };
    assert!(check("2.99").status.success());
    let old = check("2.4");
    assert!(!old.status.success());
    assert!(said(&old).contains("would not start where it is 2.4"));
    let script = Command::new(scripts().join("glibc"))
        .arg("2.99")
        .arg(scripts().join("glibc"))
        .output()
        .unwrap();
    assert!(said(&script).contains("names no version of glibc"));
}

#[test]
fn everything_that_a_build_lacks_is_named_with_its_remedy() {
    let folder = folder("nothing installed");
    let output = Command::new("/bin/bash")
        .arg(scripts().join("prerequisites"))
        .args(["aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu"])
        .env("PATH", &folder)
        .output()
        .unwrap();
    assert!(!output.status.success());
    for remedy in [
        "cargo is missing: install a Rust toolchain",
        "openssl is missing: install the package openssl",
        "dpkg-deb is missing: install the package dpkg",
        "install the package gcc-aarch64-linux-gnu",
        "install the package gcc-x86-64-linux-gnu",
    ] {
        assert!(
            said(&output).contains(remedy),
            "{remedy}: {}",
            said(&output)
        );
    }
}

#[test]
fn a_package_of_another_content_gets_into_no_image() {
    let folder = folder("packages");
    let lock = fs::read_to_string(scripts().join("image/packages.lock")).unwrap();
    for line in lock.lines().skip(1) {
        let sha256 = line.split(' ').nth(3).unwrap();
        fs::write(folder.join(format!("{sha256}.deb")), "something else").unwrap();
    }
    let image = folder.join("arm64.tar");
    let output = Command::new(scripts().join("image/assemble"))
        .args(["arm64", "/bin", "/dev/null"])
        .arg(&image)
        .env("PACKAGE_CACHE", &folder)
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(said(&output).contains("of packages.lock: remove it"));
    assert!(!image.exists());
}

/// A lock of this one package and the folder with it; the scripts of the image lie beside the lock.
fn lock_of_package(folder: &Path, control: &str) {
    let tree = folder.join("tree");
    fs::create_dir_all(tree.join("DEBIAN")).unwrap();
    fs::create_dir_all(tree.join("usr/lib")).unwrap();
    fs::write(tree.join("DEBIAN/control"), control).unwrap();
    let run = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        let output = command.args(args).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    };
    run("dpkg-deb", &["--build", "tree", "package.deb"]);
    let sum = run("sha256sum", &["package.deb"]);
    let sha256 = sum.split(' ').next().unwrap();
    fs::rename(
        folder.join("package.deb"),
        folder.join(format!("{sha256}.deb")),
    )
    .unwrap();
    let line = format!("arm64 bare 1 {sha256} 0 package.deb\n");
    fs::write(folder.join("packages.lock"), line).unwrap();
    fs::copy(scripts().join("image/assemble"), folder.join("assemble")).unwrap();
}

#[test]
fn a_package_without_its_licence_gets_into_no_image() {
    let folder = folder("bare package");
    lock_of_package(
        &folder,
        "Package: bare\nVersion: 1\nArchitecture: all\nMaintainer: Ann <ann@example.com>\nDescription: Nothing\n",
    );
    let output = Command::new(folder.join("assemble"))
        .args(["arm64", "/bin", "/dev/null"])
        .arg(folder.join("arm64.tar"))
        .env("PACKAGE_CACHE", &folder)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let reason = "no package of packages.lock holds usr/share/doc/bare/copyright";
    assert!(said(&output).contains(reason), "{}", said(&output));
    assert!(!folder.join("arm64.tar").exists());
}

#[test]
fn the_libraries_of_a_program_are_found_by_its_headers() {
    let closure = |folder: &Path| {
        let mut command = Command::new(scripts().join("image/closure"));
        command.arg(folder).arg("/bin/bash").output().unwrap()
    };
    let found = closure(Path::new(""));
    assert!(found.status.success(), "{}", said(&found));
    for library in ["libtinfo.so", "libc.so.6", "ld-linux"] {
        assert!(
            said(&found).contains(library),
            "{library}: {}",
            said(&found)
        );
    }
    let empty = folder("empty");
    fs::create_dir_all(empty.join("usr/lib")).unwrap();
    let missing = closure(&empty);
    assert!(!missing.status.success());
    assert!(said(&missing).contains("which no package holds"));
}
