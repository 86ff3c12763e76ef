//! A hard case: what a tenant has, what happens to the live schema afterwards, and what must hold of the restored one.
//!
//! A case is a file in `tests/cases`. A line `--- section` begins a section; what stands before the first one is the
//! tenant at the restore point. Lines of the lists that begin with `#` are notes.

use std::fs;
use std::path::Path;

/// What a case says.
#[derive(Debug, Default)]
pub struct Case {
    /// The file's name, and the database's.
    pub name: String,
    /// SQL that makes the tenant, in the schema `acme` of the role `olga`.
    pub tenant: String,
    /// `schemas`: names of further schemas to restore.
    pub schemas: Vec<String>,
    /// `later`: SQL that changes production after the restore point.
    pub later: String,
    /// `holds`: queries of production after the restore; each row is a promise and whether it holds.
    pub holds: String,
    /// `remarks`: code and object of every remark.
    pub remarks: Vec<String>,
    /// `differences`: what the comparison finds.
    pub differences: Vec<String>,
    /// `ddl`: lines of pg_dump that the restored schema lacks (`-`) or has in addition (`+`).
    pub ddl: Vec<String>,
    /// `mentions`: lines of pg_dump of the restored schema that hold the live schema's name.
    pub mentions: Vec<String>,
    /// `fails`: the mode, and a part of a cause's message, for every cause.
    pub fails: Vec<String>,
}

/// Every case, or the one that the variable `CASE` names; `CASES` names another folder, for a trial.
pub fn all() -> Vec<Case> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let folder = std::env::var_os("CASES").map_or(ours, Into::into);
    let wanted = std::env::var("CASE").ok();
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| read(file))
        .filter(|case| wanted.as_ref().is_none_or(|wanted| *wanted == case.name))
        .collect()
}

fn read(file: &Path) -> Case {
    let mut case = Case {
        name: file.file_stem().unwrap().to_str().unwrap().to_owned(),
        ..Case::default()
    };
    let mut section = "tenant".to_owned();
    for line in fs::read_to_string(file).unwrap().lines() {
        match line.strip_prefix("--- ") {
            Some(name) => name.clone_into(&mut section),
            None => case.add(&section, line),
        }
    }
    case
}

impl Case {
    fn add(&mut self, section: &str, line: &str) {
        let script = match section {
            "tenant" => &mut self.tenant,
            "later" => &mut self.later,
            "holds" => &mut self.holds,
            _ => return self.add_to_list(section, line),
        };
        script.push_str(line);
        script.push('\n');
    }

    /// Every schema that is restored, with its new name.
    pub fn restored(&self) -> Vec<(String, String)> {
        let also = self.schemas.iter().map(String::as_str);
        std::iter::once("acme")
            .chain(also)
            .map(|name| (name.to_owned(), format!("{name}_r")))
            .collect()
    }

    /// The line with the restored schemas under their live names.
    pub fn with_live_names(&self, line: &str) -> String {
        self.restored()
            .iter()
            .fold(line.to_owned(), |line, (live_name, bare_name)| {
                let (live, restored) = (quoted(live_name), quoted(bare_name));
                // PostgreSQL quotes only where it must.
                let bare = restored.trim_matches('"');
                line.replace(&restored, &live)
                    .replace(&format!("{bare}."), &format!("{live}."))
                    .replace(&format!(" {bare} "), &format!(" {live} "))
                    .replace(&format!(" {bare};"), &format!(" {live};"))
                    .replace(&format!("'{bare_name}"), &format!("'{live_name}"))
                    .replace(&format!(" {bare},"), &format!(" {live},"))
                    .replace(&live, live.trim_matches('"'))
            })
    }

    /// Whether a restored schema's line names a live one: before a dot, as a whole literal, or in a search path.
    pub fn mentions_live(&self, line: &str) -> bool {
        let of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let names = |live: &str| {
            line.match_indices(live).any(|(start, found)| {
                let before = line[..start].chars().next_back();
                let after = line[start + found.len()..]
                    .trim_start_matches('"')
                    .chars()
                    .next();
                let named = after.is_some_and(|c| matches!(c, '.' | '\''));
                let in_path = line.contains("search_path") && !after.is_some_and(of_name);
                !before.is_some_and(of_name) && (named || in_path)
            })
        };
        self.restored()
            .iter()
            .any(|(live, _)| names(&live.replace('"', "\"\"")))
    }

    fn add_to_list(&mut self, section: &str, line: &str) {
        let list = match section {
            "schemas" => &mut self.schemas,
            "remarks" => &mut self.remarks,
            "differences" => &mut self.differences,
            "ddl" => &mut self.ddl,
            "mentions" => &mut self.mentions,
            "fails" => &mut self.fails,
            _ => panic!("{}: what is section {section:?}?", self.name),
        };
        if !line.trim().is_empty() && !line.starts_with('#') {
            list.push(line.trim().to_owned());
        }
    }
}

/// `+` for what is in `found` alone, `-` for what is in `expected` alone; duplicates count.
pub fn unlike(expected: &[String], found: &[String]) -> Vec<String> {
    let mut missing = expected.to_vec();
    let mut surplus = Vec::new();
    for line in found {
        match missing.iter().position(|other| other == line) {
            Some(at) => drop(missing.swap_remove(at)),
            None => surplus.push(format!("+ {line}")),
        }
    }
    let mut all: Vec<String> = missing.iter().map(|line| format!("- {line}")).collect();
    all.extend(surplus);
    all.sort();
    all
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
