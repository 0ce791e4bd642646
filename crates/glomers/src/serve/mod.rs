//! `glomers serve`: the runs of a store in a browser.
//!
//! It reads and never writes. What it hands out lies within the store: a name
//! that leads elsewhere, by dots or by a link, is answered as one that is not
//! there, and no answer tells where the store lies.

mod files;
mod guard;
mod live;
mod pages;
mod runs;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::middleware;
use axum::routing::get;
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::exit;
use crate::session::complain;

/// What `serve` can be told.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The folder that keeps what runs leave.
    #[arg(long, value_name = "FOLDER", default_value = "store")]
    store: PathBuf,

    /// The port to listen at; 0 for any that is free.
    #[arg(long, value_name = "NUMBER", default_value_t = 8080)]
    port: u16,

    /// The address to listen at. Anything but this machine's own shows the runs to others.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: IpAddr,
}

/// What every request can reach.
#[derive(Clone, Debug)]
struct Site {
    runs: Arc<runs::Runs>,
    live: watch::Receiver<live::State>,
}

/// How long answers under way may take once the end was asked for.
const GRACE: Duration = Duration::from_secs(2);

/// Serves until it is asked to end, and gives the exit code.
pub(crate) fn serve(args: &ServeArgs) -> u8 {
    let runs = match runs::Runs::open(&args.store) {
        Ok(runs) => runs,
        Err(error) => {
            let store = args.store.display();
            let text = format!("there are no runs to serve in {store}: {error}");
            return complain(exit::BAD_ARGUMENTS, &text);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime.and_then(|runtime| runtime.block_on(listen(args, runs))) {
        Ok(()) => exit::VALID,
        Err(error) => {
            let (host, port) = (args.host, args.port);
            let text = format!("{host}, port {port} can't be served: {error}");
            complain(exit::CRASHED, &text)
        }
    }
}

async fn listen(args: &ServeArgs, runs: runs::Runs) -> std::io::Result<()> {
    let listener = TcpListener::bind((args.host, args.port)).await?;
    let address = listener.local_addr()?;
    let runs = Arc::new(runs);
    let end = CancellationToken::new();
    let live = live::watch(runs.clone(), end.clone());
    let site = router(Site { runs, live }, guard::Hosts::of(address.ip()));
    anstream::println!(
        "Serving {} at http://{address}/ until Ctrl-C.",
        args.store.display()
    );
    let asked = end.clone();
    let served = axum::serve(listener, site).with_graceful_shutdown(async move {
        // Whoever can't be told when to end ends at once.
        let _ = asked_to_end().await;
        asked.cancel();
    });
    let late = async {
        end.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = served.into_future() => served,
        () = late => Ok(()),
    }
}

fn router(site: Site, hosts: guard::Hosts) -> Router {
    let asset = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind)], text) })
    };
    let style = asset("text/css; charset=utf-8", include_str!("serve.css"));
    let script = asset("text/javascript; charset=utf-8", include_str!("serve.js"));
    Router::new()
        .route("/", get(pages::index))
        .route("/serve.css", style)
        .route("/serve.js", script)
        .route("/events", get(live::events))
        .route("/side-by-side", get(pages::side_by_side))
        .route("/runs/{challenge}/{time}", get(pages::run))
        .route("/runs/{challenge}/{time}/{*file}", get(files::file))
        .fallback(pages::nothing_here)
        .with_state(site)
        .layer(middleware::from_fn(guard::headers))
        .layer(middleware::from_fn_with_state(hosts, guard::host))
}

/// Waits for an interrupt (Ctrl-C) or a request to terminate.
async fn asked_to_end() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
