//! What a run finds wrong with a node and can live with, told as it happens:
//! a run of programs takes its time, and whoever waits for it may fix that first.

use std::fmt::{Debug, Write as _};

use indicatif::ProgressBar;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Prints the warnings of the workbench above a progress bar.
pub(crate) struct Notes(pub(crate) ProgressBar);

impl<S: Subscriber> Layer<S> for Notes {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        if *about.level() == Level::WARN && about.target().starts_with("maelstrom_sim") {
            let mut message = Message::default();
            event.record(&mut message);
            let Message(text) = message;
            self.0.suspend(|| anstream::eprintln!("note: {text}"));
        }
    }
}

#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            // Writing to a string can't fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}
