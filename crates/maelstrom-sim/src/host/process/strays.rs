//! What a node started and left its process group: it is found by a mark in
//! its environment, which children inherit, and killed.
//!
//! Where the system has no `/proc`, the process group is all that is killed.

use std::sync::atomic::{AtomicU64, Ordering};

/// What the environment of one process, and of all that it starts, is marked with.
pub(super) struct Mark(String);

impl Mark {
    pub(super) const VARIABLE: &'static str = "MAELSTROM_SIM_NODE";

    /// A mark that no other process has.
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(format!("{}-{number}", std::process::id()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Kills every process that bears the mark; `false` when there was none.
#[cfg(target_os = "linux")]
pub(super) fn kill(mark: &Mark) -> bool {
    let strays = marked(mark);
    for stray in &strays {
        // It may be gone already.
        let _ = rustix::process::kill_process(*stray, rustix::process::Signal::KILL);
    }
    !strays.is_empty()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn kill(_: &Mark) -> bool {
    false
}

#[cfg(target_os = "linux")]
fn marked(mark: &Mark) -> Vec<rustix::process::Pid> {
    let wanted = format!("{}={}", Mark::VARIABLE, mark.as_str());
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            // That of somebody else's process can't be read.
            let environment = std::fs::read(entry.path().join("environ")).ok()?;
            let mut variables = environment.split(|byte| *byte == 0);
            let found = variables.any(|variable| variable == wanted.as_bytes());
            found.then(|| rustix::process::Pid::from_raw(number))?
        })
        .collect()
}
