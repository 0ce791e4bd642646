//! The logs of nodes that live in this process: a file for each, as if each
//! had a standard error of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The most that is kept of one node's log, in bytes.
const LIMIT: usize = 16 << 20;

/// Gathers what is logged within a span named `node`, by its field `id`.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeLogs {
    lines: Arc<Mutex<BTreeMap<String, String>>>,
    /// When the run began, on its own clock.
    start: Arc<Mutex<Option<Instant>>>,
    /// Whether lines are printed as they come, too.
    print: bool,
}

/// The node that a span belongs to, kept with the span.
struct NodeName(String);

impl NodeLogs {
    pub(crate) fn new(print: bool) -> Self {
        Self {
            print,
            ..Self::default()
        }
    }

    /// The lines of each node.
    pub(crate) fn take(&self) -> BTreeMap<String, String> {
        std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn elapsed(&self) -> f64 {
        let mut start = self.start.lock().unwrap_or_else(PoisonError::into_inner);
        start
            .get_or_insert_with(Instant::now)
            .elapsed()
            .as_secs_f64()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for NodeLogs {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        if attributes.metadata().name() != "node" {
            return;
        }
        // The first node is made when the run begins.
        self.elapsed();
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = ctx.span(id) {
            span.extensions_mut().insert(NodeName(fields.id));
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let node = ctx.event_scope(event).and_then(|spans| {
            spans.into_iter().find_map(|span| {
                span.extensions()
                    .get::<NodeName>()
                    .map(|NodeName(name)| name.clone())
            })
        });
        let Some(node) = node else { return };
        let mut fields = Fields::default();
        event.record(&mut fields);
        let (time, level) = (self.elapsed(), event.metadata().level());
        let Fields {
            message, others, ..
        } = fields;
        let line = format!("{time:>10.6} {level:>5} {message}{others}");
        if self.print {
            anstream::eprintln!("{node}: {line}");
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let log = lines.entry(node).or_default();
        if log.len() < LIMIT {
            log.push_str(&line);
            log.push('\n');
        }
    }
}

/// What an event or a span carries.
#[derive(Default)]
struct Fields {
    id: String,
    message: String,
    others: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a string can't fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            "id" => write!(self.id, "{value:?}"),
            name => write!(self.others, " {name}={value:?}"),
        };
    }
}
