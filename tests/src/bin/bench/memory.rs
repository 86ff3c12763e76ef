//! The functions' memory, as the kernel accounts it.

use std::fs;
use std::path::Path;

use tenant_restore_tests::{Context, Error, Result};

/// A process of a function.
struct Process {
    binary: u64,
    peak_kilobytes: u64,
}

/// Prints the most that a function's process ever held.
///
/// # Errors
/// When `/proc` can't be read, or no function runs below `home`.
pub fn print(home: &Path) -> Result<()> {
    let mut functions = Vec::new();
    for entry in fs::read_dir("/proc").context("list the processes")? {
        functions.extend(function(&entry.context("list the processes")?.path(), home));
    }
    let most = functions
        .iter()
        .max_by_key(|process| process.peak_kilobytes);
    let most =
        most.ok_or_else(|| Error::new(format!("no function runs below {}", home.display())))?;
    println!(
        "\nresident memory of a function, the most of {} processes at any time: {:.1} MB (goal: at most 40), binary of {:.1} MB",
        functions.len(),
        most.peak_kilobytes as f64 * 1024.0 / 1e6,
        most.binary as f64 / 1e6
    );
    Ok(())
}

/// A process that ends while it is looked at, or that isn't ours to look at, is none.
fn function(process: &Path, home: &Path) -> Option<Process> {
    let binary = fs::read_link(process.join("exe")).ok()?;
    if !binary.starts_with(home) || binary.file_name()? != "bootstrap" {
        return None;
    }
    let status = fs::read_to_string(process.join("status")).ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(Process {
        binary: fs::metadata(binary).ok()?.len(),
        peak_kilobytes: peak.trim().strip_suffix(" kB")?.parse().ok()?,
    })
}
