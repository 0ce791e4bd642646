//! What Maelstrom left of a run: its `results.edn`, as the figures of ours.

use std::path::Path;

use maelstrom_check::{EdnReader, Quantiles, Value, Verdict};

use crate::measured::Figures;

/// The results of a run, as Maelstrom wrote them.
pub(super) struct UpstreamResults(Value);

impl UpstreamResults {
    /// Reads the file.
    ///
    /// # Errors
    /// A text: it is not there, or it is no EDN, or it holds no verdict.
    pub(super) fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        let form = EdnReader::new(&text).next_form();
        let form = form.map_err(|error| error.to_string())?.unwrap_or_default();
        match form.get("valid?") {
            Some(_) => Ok(Self(form)),
            None => Err("there is no :valid? in it".into()),
        }
    }

    /// What Maelstrom says of the run.
    pub(super) fn verdict(&self) -> Verdict {
        verdict(&self.0)
    }

    /// Whether as many operations succeeded as were asked for.
    pub(super) fn available(&self) -> bool {
        let part = self.0.get("availability");
        part.is_none_or(|part| verdict(part) == Verdict::Valid)
    }

    /// The figures that every table shows.
    pub(super) fn figures(&self) -> Figures {
        let number = |path: &[&str]| self.at(path).and_then(as_number);
        let count = |name| number(&["stats", name]).map_or(0, |count| count as usize);
        Figures {
            all: number(&["net", "all", "msgs-per-op"]),
            servers: number(&["net", "servers", "msgs-per-op"]),
            stable: self
                .at(&["workload", "stable-latencies"])
                .and_then(quantiles),
            response: None,
            availability: number(&["availability", "ok-fraction"]),
            operations: ["ok-count", "fail-count", "info-count"].map(count),
        }
    }

    /// The checks that are not content, each with the first line of its error
    /// if it has one.
    pub(super) fn complaints(&self) -> Vec<String> {
        let parts = self.0.entries().iter();
        let parts = parts.filter(|(_, part)| part.get("valid?").is_some());
        let bad = parts.filter(|(_, part)| verdict(part) != Verdict::Valid);
        bad.map(|(name, part)| {
            let name = name.name().unwrap_or_default();
            let error = part.get("error").map(|error| match error.name() {
                Some(text) => text.to_owned(),
                None => error.to_string(),
            });
            let error = error.unwrap_or_default();
            let line = error.lines().find(|line| !line.trim().is_empty());
            let mut text = format!("`{name}` is {}", verdict(part));
            if let Some(line) = line {
                text += &format!(": {}", line.trim());
            }
            if name == "perf" {
                text += "; Maelstrom draws its plots with gnuplot, which may be missing";
            }
            text
        })
        .collect()
    }

    /// The same in JSON, under Maelstrom's own keys.
    pub(super) fn to_json(&self) -> serde_json::Value {
        self.0.to_json()
    }

    fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&self.0, |value, key| value.get(key))
    }
}

fn verdict(part: &Value) -> Verdict {
    match part.get("valid?") {
        Some(Value::Bool(true)) => Verdict::Valid,
        Some(Value::Bool(false)) => Verdict::Invalid,
        _ => Verdict::Unknown,
    }
}

fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// `{0 0, 0.5 84, 0.95 190, 0.99 196, 1 198}`: the keys are numbers.
fn quantiles(map: &Value) -> Option<Quantiles> {
    let mut found = [0; 5];
    for (slot, (point, _)) in found.iter_mut().zip(Quantiles::POINTS) {
        let mut entries = map.entries().iter();
        let (_, value) = entries.find(|(key, _)| as_number(key) == Some(point))?;
        *slot = as_number(value)? as i64;
    }
    Some(Quantiles(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> UpstreamResults {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        UpstreamResults::read(file.path()).unwrap()
    }

    #[test]
    fn figures_are_taken_from_where_maelstrom_keeps_them() {
        let results = read(
            "{:perf {:valid? :unknown, :error \"java.io.IOException\\n at gnuplot\"},
              :stats {:valid? true, :count 9, :ok-count 6, :fail-count 2, :info-count 1},
              :availability {:valid? false, :ok-fraction 0.6666667},
              :net {:all {:msgs-per-op 4.5}, :clients {:msg-count 8}, :servers {:msgs-per-op 2}},
              :workload {:valid? true, :stable-latencies {0 0, 0.5 84, 0.95 190, 0.99 196, 1 198}},
              :valid? :unknown}",
        );
        assert_eq!(results.verdict(), Verdict::Unknown);
        assert!(!results.available());
        assert_eq!(
            results.figures(),
            Figures {
                all: Some(4.5),
                servers: Some(2.0),
                stable: Some(Quantiles([0, 84, 190, 196, 198])),
                response: None,
                availability: Some(0.666_666_7),
                operations: [6, 2, 1],
            }
        );
        let complaints = results.complaints();
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert_eq!(complaints[0], "`availability` is invalid");
        assert!(complaints[1].contains("`perf` is unknown: java.io.IOException; "));
    }

    #[test]
    fn a_file_without_a_verdict_is_no_result() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for text in ["", "{:a 1}", "[1 2", "nil"] {
            std::fs::write(file.path(), text).unwrap();
            assert!(UpstreamResults::read(file.path()).is_err(), "{text}");
        }
    }
}
