//! What a person reads: a verdict told as a story.

use std::fmt::Write;

use crate::check::{Results, WorkloadResults};
use crate::history::Process;
use crate::set_full::LostElement;
use crate::verdict::Verdict;

/// How many cases of one kind a story tells.
const TOLD: usize = 8;

/// A story under construction. Writing to a string cannot fail, so nothing here does.
#[derive(Default)]
pub(crate) struct Story(String);

impl Story {
    pub(crate) fn line(&mut self, text: impl AsRef<str>) {
        self.0.push_str(text.as_ref());
        self.0.push('\n');
    }

    /// The first cases, a line each, and how many more there are.
    pub(crate) fn cases<T>(&mut self, all: &[T], mut tell: impl FnMut(&T) -> String) {
        for case in all.iter().take(TOLD) {
            let text = tell(case);
            self.line(format!("  {text}"));
        }
        if all.len() > TOLD {
            self.line(format!("  … and {} more", all.len() - TOLD));
        }
    }
}

impl Results {
    /// The verdict as a story for a person at a terminal: what happened, to which value,
    /// in which operation, when.
    pub fn story(&self) -> String {
        let mut story = Story::default();
        let mut head = format!("The history is {}", self.valid);
        if let Some(strict) = &self.strict
            && strict.valid != self.maelstrom
        {
            let _ = write!(
                head,
                " (maelstrom: {}, strict: {})",
                self.maelstrom, strict.valid
            );
        }
        story.line(head + ".");
        let all = &self.stats.all;
        story.line(format!(
            "{} operations completed: {} ok, {} fail, {} info.",
            all.count, all.ok_count, all.fail_count, all.info_count
        ));
        for (f, counts) in &self.stats.by_f {
            // A crash never succeeds, and is not meant to.
            if counts.ok_count == 0 && all.valid == Verdict::Invalid && **f != *"crash" {
                let tried = counts.count;
                story.line(format!("Not one of {tried} {f} operations succeeded."));
            }
        }
        if self.availability.valid == Verdict::Invalid {
            story.line(format!(
                "Only {:.3} % of the operations were ok, which is less than was asked.",
                100.0 * self.availability.ok_fraction
            ));
        }
        for class in &self.exceptions.exceptions {
            story.line(class.to_string());
        }
        self.workload.tell(&mut story);
        for finding in self.strict.iter().flat_map(|s| &s.findings) {
            // What the other part said in the same words need not be said again: a
            // line, and those beneath it, which are indented.
            let cases = finding.story.chunk_by(|_, next| next.starts_with(' '));
            let new = |case: &&[String]| case.iter().any(|line| !story.0.contains(line));
            let lines: Vec<&String> = cases.filter(new).flatten().collect();
            if lines.is_empty() {
                continue;
            }
            story.line(format!("{} ({}, strict):", finding.name, finding.count));
            for line in lines {
                story.line(format!("  {line}"));
            }
            if finding.count > finding.story.len() {
                story.line(format!(
                    "  … and {} more",
                    finding.count - finding.story.len()
                ));
            }
        }
        story.0
    }
}

impl WorkloadResults {
    fn tell(&self, story: &mut Story) {
        match self {
            Self::Echo(r) => {
                if !r.errors.is_empty() {
                    story.line(format!("{} replies were wrong:", r.errors.len()));
                }
                story.cases(&r.errors, |e| {
                    if e.failed {
                        format!("operation {}: {} failed", e.index, e.sent)
                    } else {
                        format!("operation {}: sent {}, got {}", e.index, e.sent, e.received)
                    }
                });
            }
            Self::UniqueIds(r) => {
                story.line(format!("{} ids were given out.", r.acknowledged_count));
                if let Some(error) = &r.error {
                    story.line(format!("They cannot be judged: {error}."));
                }
                if r.duplicated_count > 0 {
                    story.line(format!("{} of them more than once:", r.duplicated_count));
                    story.cases(&r.duplicated, |(id, n)| format!("{id} was given {n} times"));
                }
            }
            Self::Set(r) => {
                story.line(format!(
                    "{} elements: {} stable, {} lost, {} never read, {} stale.",
                    r.attempt_count,
                    r.stable_count,
                    r.lost_count,
                    r.never_read_count,
                    r.stale_count
                ));
                if let Some(q) = r.stable_latencies {
                    let [_, p50, p95, p99, max] = q.0;
                    story.line(format!(
                        "Stable after {p50} ms in the median, {p95} ms at 95 %, {p99} ms at 99 %, {max} ms at most."
                    ));
                }
                if r.lost_count > 0 {
                    story.line("Lost:");
                    story.cases(&r.lost_elements, LostElement::tell);
                }
                if r.stable_count == 0 {
                    story.line("No element was ever seen to stay, so nothing was tested.");
                }
            }
            Self::Counter(r) => {
                let ranges: Vec<String> = r
                    .acceptable
                    .iter()
                    .take(TOLD)
                    .map(|(low, high)| {
                        if low == high {
                            low.to_string()
                        } else {
                            format!("{low} to {high}")
                        }
                    })
                    .collect();
                story.line(format!(
                    "{} final reads; the adds allow {}{}.",
                    r.final_reads.len(),
                    ranges.join(", "),
                    if r.acceptable.len() > TOLD {
                        " and more"
                    } else {
                        ""
                    }
                ));
                if let Some(error) = &r.error {
                    story.line(format!("They cannot be judged: {error}."));
                }
                story.cases(&r.errors, |op| {
                    format!(
                        "process {} read {} at {:.3} s (operation {})",
                        op.process,
                        op.value,
                        op.seconds(),
                        op.index
                    )
                });
            }
            Self::LinKv(r) => {
                let ops: usize = r.results.values().map(|k| k.linearizable.op_count).sum();
                story.line(format!(
                    "Keys: {}, of which {} are not linearizable; {ops} operations that count.",
                    r.results.len(),
                    r.failures.len()
                ));
                if let Some(error) = &r.error {
                    story.line(format!("Some of it cannot be judged: {error}."));
                }
                story.cases(&r.tell(), Clone::clone);
            }
            Self::Txn(r) => {
                for line in r.tell() {
                    story.line(line);
                }
            }
            Self::Kafka(r) => {
                for line in r.tell() {
                    story.line(line);
                }
            }
        }
    }
}

impl LostElement {
    /// One line: when it was added, by whom, who saw it last, and whose final read misses it.
    pub fn tell(&self) -> String {
        let s = |ns: i64| format!("{:.3} s", ns as f64 / 1e9);
        let mut line = format!(
            "{} was added by process {} at {}, known at {}",
            self.element,
            self.added_by,
            s(self.added_at),
            s(self.known_at)
        );
        let _ = match &self.last_seen {
            Some((process, at)) => write!(line, ", last seen by process {process} at {}", s(*at)),
            None => write!(line, ", never seen"),
        };
        if !self.missing_from.is_empty() {
            let _ = write!(
                line,
                ", missing from the final reads of {}",
                list(&self.missing_from)
            );
        }
        if !self.present_at.is_empty() {
            let _ = write!(line, ", present in those of {}", list(&self.present_at));
        }
        line
    }
}

fn list(processes: &[Process]) -> String {
    processes
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
