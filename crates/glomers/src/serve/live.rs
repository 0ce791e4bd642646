//! Runs in flight, as events.
//!
//! A run in real time writes how far it is into its folder, and takes that away
//! at its end. One task looks at those files while somebody listens, and every
//! listener gets what it saw.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Extract;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::Stream;
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Site;
use super::runs::{Running, Runs};

/// How often the store is looked at.
const EVERY: Duration = Duration::from_millis(250);

/// What listeners are told.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct State {
    /// The runs in flight, newest first.
    running: Vec<Running>,
    /// Another number whenever the list of runs is another.
    revision: u64,
}

/// Starts looking, until `end`.
pub(super) fn watch(runs: Arc<Runs>, end: CancellationToken) -> watch::Receiver<State> {
    let (tell, listen) = watch::channel(State::default());
    tokio::spawn(async move {
        let mut last = None;
        // The site itself holds a receiver.
        while !end.is_cancelled() {
            if tell.receiver_count() > 1 {
                let look = runs.clone();
                let seen = tokio::task::spawn_blocking(move || look.in_flight()).await;
                if let Ok((all, running)) = seen {
                    let times = running
                        .iter()
                        .map(|run| run.time.clone())
                        .collect::<Vec<_>>();
                    let list = (all, times);
                    let others = last.as_ref().is_some_and(|last| *last != list);
                    last = Some(list);
                    tell.send_if_modified(|state| {
                        let changed = others || state.running != running;
                        state.revision += u64::from(others);
                        state.running = running;
                        changed
                    });
                }
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = end.cancelled() => {}
            }
        }
    });
    listen
}

/// `/events`: the state now, and again whenever it changes.
pub(super) async fn events(
    Extract(site): Extract<Site>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut live = site.live.clone();
    live.mark_changed();
    let stream = futures::stream::unfold(live, async |mut live| {
        // The end of the server is the end of the stream.
        live.changed().await.ok()?;
        let state = live.borrow_and_update().clone();
        let event = Event::default()
            .event("state")
            .data(serde_json::to_string(&state).ok()?);
        Some((Ok(event), live))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}
