//! The memory of the local cloud's processes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::interval;

const BETWEEN_SAMPLES: Duration = Duration::from_millis(500);

/// Samples the memory of the local cloud until it is asked for the peak.
#[derive(Debug)]
pub struct Sampler {
    peak: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Sampler {
    /// Starts sampling the processes that belong to the cloud whose state lies in `home`.
    pub fn start(home: &Path) -> Self {
        let peak = Arc::new(AtomicU64::new(0));
        let (home, seen) = (home.to_string_lossy().into_owned(), Arc::clone(&peak));
        let task = tokio::spawn(async move {
            let mut ticks = interval(BETWEEN_SAMPLES);
            loop {
                ticks.tick().await;
                seen.fetch_max(resident_bytes(&home), Ordering::Relaxed);
            }
        });
        Self { peak, task }
    }

    /// The most that all processes held at one moment, in bytes; pages that several share count once.
    pub fn peak(self) -> u64 {
        self.task.abort();
        self.peak.load(Ordering::Relaxed)
    }
}

struct Process {
    parent: u32,
    names_home: bool,
}

/// Proportional set sizes of every process that works in `home`, names it in its command line or as its
/// `LOCAL_CLOUD_HOME`, or descends from one that does. The measuring program itself and the shells around it are not the cloud.
fn resident_bytes(home: &str) -> u64 {
    let processes = processes(home);
    let ours = around_us(&processes);
    let belongs = |pid: &&u32| !ours.contains(pid) && descends_from_home(**pid, &processes, &ours);
    processes
        .keys()
        .filter(belongs)
        .map(|pid| proportional_bytes(*pid))
        .sum()
}

fn descends_from_home(pid: u32, processes: &BTreeMap<u32, Process>, ours: &[u32]) -> bool {
    let mut next = Some(pid);
    while let Some((pid, process)) =
        next.and_then(|pid| processes.get(&pid).map(|process| (pid, process)))
    {
        if ours.contains(&pid) {
            return false;
        }
        if process.names_home {
            return true;
        }
        next = Some(process.parent);
    }
    false
}

fn around_us(processes: &BTreeMap<u32, Process>) -> Vec<u32> {
    let mut chain = vec![std::process::id()];
    while let Some(process) = chain.last().and_then(|pid| processes.get(pid)) {
        chain.push(process.parent);
    }
    chain
}

/// A process that ends while it is looked at is left out: it holds no memory any more.
fn processes(home: &str) -> BTreeMap<u32, Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, process(pid, home)?)))
        .collect()
}

fn process(pid: u32, home: &str) -> Option<Process> {
    let read = |name: &str| {
        fs::read(format!("/proc/{pid}/{name}"))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .ok()
    };
    let status = read("stat")?;
    // The name in parentheses may hold spaces and parentheses itself; after it come the state and the parent.
    let parent = status
        .rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(1)?
        .parse()
        .ok()?;
    let variable = format!("LOCAL_CLOUD_HOME={home}");
    let works_there =
        fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder.starts_with(home));
    let names_home = works_there
        || read("cmdline")?.contains(home)
        || read("environ").is_some_and(|text| text.split('\0').any(|part| part == variable));
    Some(Process { parent, names_home })
}

fn proportional_bytes(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes: Option<u64> =
        line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    kilobytes.unwrap_or_default() * 1024
}
