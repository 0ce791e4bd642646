//! What stands around every answer: who may ask, and what a browser may do
//! with what it got.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Our own pages: their style, their script and their stream of events, and
/// reports in frames; nothing from elsewhere.
const PAGES: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                     img-src data:; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Files of a run. A report brings its style and script with it and reaches
/// nothing else, this server included.
pub(super) const FILES: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                                img-src data: blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

/// Adds the headers that keep a browser to what a page is for.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(PAGES));
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The names by which this server may be asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hosts {
    /// This machine's own. A page from elsewhere that makes its name lead here
    /// still gives that name, and is refused.
    Loopback,
    /// Any: it listens for others too.
    Any,
}

impl Hosts {
    pub(super) fn of(address: IpAddr) -> Self {
        match address.is_loopback() {
            true => Self::Loopback,
            false => Self::Any,
        }
    }

    fn takes(self, host: &str) -> bool {
        let port = |c: char| c.is_ascii_digit();
        let name = host.trim_end_matches(port).trim_end_matches(':');
        let name = if name.is_empty() { host } else { name };
        let address = name.trim_start_matches('[').trim_end_matches(']');
        matches!(self, Self::Any)
            || host == "localhost"
            || name == "localhost"
            || [host, address].iter().any(|text| {
                text.parse::<IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
            })
    }
}

/// Refuses whoever asked for another server.
pub(super) async fn host(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    if host.is_none_or(|host| hosts.takes(host)) {
        return next.run(request).await;
    }
    let text = "This server answers to localhost only.\n";
    (StatusCode::MISDIRECTED_REQUEST, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_for_this_machine_answers_to_its_names_alone() {
        for host in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:1",
            "127.0.0.1",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(Hosts::Loopback.takes(host), "{host}");
        }
        for host in [
            "example.com",
            "example.com:8080",
            "127.0.0.1.example.com",
            "192.168.0.1",
            "localhost.example.com:80",
            "",
            ":80",
        ] {
            assert!(!Hosts::Loopback.takes(host), "{host}");
            assert!(Hosts::Any.takes(host), "{host}");
        }
    }
}
