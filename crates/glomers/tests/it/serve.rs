//! `glomers serve` over HTTP, asked as a browser asks and as nobody should.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::glomers;
use super::server::Server;

impl Server {
    /// Sends these bytes as they are.
    fn send(&self, head: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        // A server that says nothing fails the test and does not hang it.
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }

    fn ask(&self, method: &str, path: &str) -> Answer {
        let address = &self.address;
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        Answer::read(self.send(&head))
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path)
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Self {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    fn has(&self, header: &str) -> bool {
        self.head.lines().any(|line| line.starts_with(header))
    }
}

/// The folder of a run in the store, as `<challenge>/<time>`.
fn latest(store: &Path, challenge: &str) -> String {
    let time = fs::read_link(store.join(challenge).join("latest")).unwrap();
    format!("{challenge}/{}", time.display())
}

/// A run by hand, of which nothing is known but this.
fn by_hand(store: &Path, id: &str, results: &str) {
    fs::create_dir_all(store.join(id)).unwrap();
    fs::write(store.join(id).join("results.json"), results).unwrap();
}

/// Where a run stands in the list, if it is there.
fn place(page: &Answer, id: &str) -> Option<usize> {
    page.body.find(&format!("data-run=\"{id}\""))
}

#[test]
fn runs_are_listed_newest_first_and_filtered() {
    let store = tempfile::tempdir().unwrap();
    // The first by the clock is not the first by name: it was elsewhere.
    let ids = [
        "echo/20260103T000000.000+0000",
        "broadcast-c/20260102T230000.000-0300",
        "echo/20260101T000000.000+0000",
    ];
    by_hand(
        store.path(),
        ids[0],
        r#"{"valid?": false, "seed": 12, "command": "cargo <b>"}"#,
    );
    by_hand(
        store.path(),
        ids[1],
        r#"{"valid?": true, "net": {"all": {"msgs-per-op": 8.0606}},
            "thresholds": [{"what": "messages", "asked": "below 5", "measured": "8.061", "pass": false}]}"#,
    );
    by_hand(store.path(), ids[2], r#"{"valid?": true}"#);
    fs::create_dir_all(store.path().join("echo/20251231T000000.000+0000")).unwrap();
    let server = Server::of(store.path());

    let all = server.get("/");
    assert_eq!(all.status, 200, "{all:?}");
    let places = [ids[1], ids[0], ids[2]].map(|id| place(&all, id).unwrap());
    assert!(places.is_sorted(), "{places:?}");
    for word in [
        "8.061",
        "threshold missed",
        "unfinished",
        "4 runs, newest first",
    ] {
        assert!(all.body.contains(word), "`{word}` is not in {}", all.body);
    }
    let listed = |query: &str| {
        let page = server.get(query);
        ids.map(|id| place(&page, id).is_some())
    };
    assert_eq!(listed("/?challenge=echo"), [true, false, true]);
    assert_eq!(listed("/?verdict=missed"), [false, true, false]);
    assert_eq!(
        listed("/?challenge=echo&verdict=passed&page=7"),
        [false, false, true]
    );
    assert_eq!(listed("/?verdict=running"), [false; 3]);

    let run = server.get(&format!("/runs/{}", ids[0]));
    assert!(run.body.contains("seed 12"), "{}", run.body);
    assert!(run.body.contains("cargo &#60;b&#62;"), "{}", run.body);
}

#[test]
fn a_run_is_shown_with_its_files_and_two_side_by_side() {
    let store = tempfile::tempdir().unwrap();
    for seed in [1, 2] {
        let run = glomers(store.path(), &format!("run broadcast-b --seed {seed}"));
        assert_eq!(run.code, 0, "{run:?}");
    }
    let id = latest(store.path(), "broadcast-b");
    let server = Server::of(store.path());
    let run = server.get(&format!("/runs/{id}"));
    assert_eq!(run.status, 200);
    for part in ["passed", "seed 2", "messages per operation, all"] {
        assert!(run.body.contains(part), "`{part}` is not in {}", run.body);
    }
    let kinds = [
        ("results.json", "application/json"),
        ("history.jsonl", "text/plain; charset=utf-8"),
        ("history.edn", "text/plain; charset=utf-8"),
        ("node-logs/n0.log", "text/plain; charset=utf-8"),
    ];
    for (file, kind) in kinds {
        let path = format!("/runs/{id}/{file}");
        assert!(run.body.contains(&path), "`{path}` is not in {}", run.body);
        let answer = server.get(&path);
        let written = fs::read_to_string(store.path().join(&id).join(file)).unwrap();
        assert!(answer.has(&format!("content-type: {kind}")), "{answer:?}");
        assert_eq!((answer.status, answer.body == written), (200, true));
        let head = server.ask("HEAD", &path);
        assert!(
            head.has(&format!("content-length: {}", written.len())),
            "{head:?}"
        );
        assert_eq!((head.status, head.body.as_str()), (200, ""));
    }
    // The newest by its link, and beside the other one.
    assert!(
        server
            .get("/runs/broadcast-b/latest")
            .body
            .contains("seed 2")
    );
    let ids: Vec<_> = fs::read_dir(store.path().join("broadcast-b"))
        .unwrap()
        .filter(|entry| !entry.as_ref().unwrap().file_type().unwrap().is_symlink())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let [one, other] = &ids[..] else {
        panic!("{ids:?}")
    };
    let encoded = |time: &str| format!("broadcast-b%2F{}", time.replace('+', "%2B"));
    let (left, right) = (encoded(one), encoded(other));
    let both = server.get(&format!("/side-by-side?left={left}&right={right}"));
    assert_eq!(both.status, 200);
    for part in [one, other, "median stable latency"] {
        assert!(both.body.contains(part), "`{part}` is not in {}", both.body);
    }
    assert_eq!(server.get(&format!("/side-by-side?left={id}")).status, 400);
    assert_eq!(
        server
            .get(&format!("/side-by-side?left={id}&right=echo/../echo"))
            .status,
        404
    );
}

#[test]
fn nothing_outside_the_store_is_handed_out() {
    let outside = tempfile::tempdir().unwrap();
    let store = outside.path().join("store");
    let id = "echo/20260101T000000.000+0000";
    by_hand(&store, id, "{}");
    by_hand(outside.path(), "other/run", r#"{"secret": 1}"#);
    fs::write(outside.path().join("secret"), "secret").unwrap();
    fs::write(store.join("secret"), "secret").unwrap();
    fs::write(store.join(id).join(".secret"), "secret").unwrap();
    fs::create_dir(store.join(id).join("node-logs")).unwrap();
    // Links out of the store, at every depth; and one out of the run.
    symlink(outside.path().join("other"), store.join("linked")).unwrap();
    symlink(outside.path().join("other/run"), store.join("echo/linked")).unwrap();
    symlink(outside.path(), store.join(id).join("linked")).unwrap();
    symlink(
        outside.path().join("secret"),
        store.join(id).join("linked.txt"),
    )
    .unwrap();
    symlink(store.join("secret"), store.join(id).join("near.txt")).unwrap();
    let server = Server::of(&store);

    let run = format!("/runs/{id}");
    assert_eq!(server.get(&format!("{run}/results.json")).status, 200);
    let paths = [
        "/..".to_owned(),
        "/../..".to_owned(),
        "/../secret".to_owned(),
        "/runs/../../secret".to_owned(),
        "//etc/passwd".to_owned(),
        "/etc/passwd".to_owned(),
        "/runs".to_owned(),
        "/runs/".to_owned(),
        "/runs/echo".to_owned(),
        "/runs/echo/".to_owned(),
        "/runs/echo/..".to_owned(),
        "/runs/../store".to_owned(),
        "/runs/%2e%2e/other".to_owned(),
        "/runs/%2e%2e/other/run/results.json".to_owned(),
        "/runs/..%2fother/run".to_owned(),
        "/runs/echo/..%2f..%2fother%2frun".to_owned(),
        "/runs/echo%2F../other".to_owned(),
        "/runs/linked/run".to_owned(),
        "/runs/linked/run/results.json".to_owned(),
        "/runs/echo/linked".to_owned(),
        "/runs/echo/linked/results.json".to_owned(),
        "/runs/echo/20260101T000000.000+0000%00".to_owned(),
        format!("{run}/"),
        format!("{run}/node-logs"),
        format!("{run}/node-logs/"),
        format!("{run}/.secret"),
        format!("{run}/../../secret"),
        format!("{run}/..%2f..%2fsecret"),
        format!("{run}/%2e%2e/%2e%2e/%2e%2e/secret"),
        format!("{run}/%252e%252e/%252e%252e/secret"),
        format!("{run}/..%5c..%5csecret"),
        format!("{run}/%2fetc%2fpasswd"),
        format!("{run}//etc/passwd"),
        format!("{run}/linked/secret"),
        format!("{run}/linked.txt"),
        format!("{run}/near.txt"),
        format!("{run}/%ff"),
        format!("{run}/results.json%00.html"),
        "/side-by-side?left=../other/run&right=echo/linked".to_owned(),
    ];
    let place = outside.path().to_str().unwrap();
    for path in paths {
        let answer = server.get(&path);
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
        for word in ["secret", "root:", place] {
            assert!(!answer.body.contains(word), "{path}: {answer:?}");
        }
    }
    // What is listed leads out just as little.
    let (list, run) = (server.get("/"), server.get(&run));
    for page in [list, run] {
        assert_eq!(page.status, 200);
        for word in ["linked", "near.txt", ".secret", place] {
            assert!(!page.body.contains(word), "{word}: {page:?}");
        }
    }
}

#[test]
fn it_only_reads_and_says_what_a_browser_may_do() {
    let store = tempfile::tempdir().unwrap();
    let id = "echo/20260101T000000.000+0000";
    by_hand(store.path(), id, "{}");
    fs::write(store.path().join(id).join("report.html"), "<p>report").unwrap();
    let server = Server::of(store.path());
    let report = format!("/runs/{id}/report.html");
    for path in ["/", "/serve.css", "/serve.js", "/nowhere", &report] {
        let answer = server.get(path);
        for header in [
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
        ] {
            assert!(answer.has(header), "{path}: {answer:?}");
        }
    }
    let answer = server.get(&report);
    assert!(answer.has("content-type: text/html"), "{answer:?}");
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        for path in ["/", "/side-by-side", &report] {
            let answer = server.ask(method, path);
            assert_eq!(answer.status, 405, "{method} {path}: {answer:?}");
            assert!(answer.has("allow: get,head"), "{method} {path}: {answer:?}");
        }
    }
    // Another's name that was made to lead here.
    let head = "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n";
    let answer = Answer::read(server.send(head));
    assert_eq!(answer.status, 421, "{answer:?}");
    assert!(!answer.body.contains("echo"), "{answer:?}");
}

#[test]
fn a_store_that_is_not_there_is_named() {
    let run = glomers(Path::new("."), "serve --store /nowhere/at/all --port 0");
    assert_eq!(run.code, 254, "{run:?}");
    assert!(run.err.contains("/nowhere/at/all"), "{run:?}");
}

/// The states that a stream of events tells of, as they come.
fn states(stream: TcpStream) -> impl Iterator<Item = Value> {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.filter_map(|line| Some(serde_json::from_str(line.strip_prefix("data: ")?).unwrap()))
}

#[test]
fn a_run_in_flight_is_told_of_until_it_ends() {
    let store = tempfile::tempdir().unwrap();
    by_hand(store.path(), "echo/20260101T000000.000+0000", "{}");
    let server = Server::of(store.path());
    let request = format!("GET /events HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    let mut states = states(server.send(&request));
    assert_eq!(states.next().unwrap()["running"], Value::Array(Vec::new()));

    let path = store.path().to_owned();
    let run = std::thread::spawn(move || glomers(&path, "run echo --real --time-limit 2 --seed 1"));
    let in_flight = states
        .find(|state| state["running"][0]["operations"].as_u64() > Some(0))
        .unwrap();
    let told = &in_flight["running"][0];
    assert_eq!(told["challenge"], "echo", "{told}");
    assert_eq!(told["phase"], "operations", "{told}");
    assert_eq!(told["length"], 12.0, "{told}");
    let page = server.get("/?verdict=running");
    let time = told["time"].as_str().unwrap();
    assert!(place(&page, &format!("echo/{time}")).is_some(), "{page:?}");

    let ended = states
        .find(|state| state["running"].as_array().unwrap().is_empty())
        .unwrap();
    assert!(ended["revision"].as_u64() > in_flight["revision"].as_u64());
    let run = run.join().unwrap();
    assert_eq!(run.code, 0, "{run:?}");
    let passed = server.get("/?verdict=passed");
    assert!(place(&passed, &format!("echo/{time}")).is_some());
    assert!(!store.path().join("latest/progress.json").exists());
}

#[test]
fn an_interrupt_ends_it_though_somebody_listens() {
    let store = tempfile::tempdir().unwrap();
    by_hand(store.path(), "echo/20260101T000000.000+0000", "{}");
    let mut server = Server::of(store.path());
    let request = format!("GET /events HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    let mut states = states(server.send(&request));
    states.next().unwrap();
    kill_process(Pid::from_child(&server.process), Signal::INT).unwrap();
    assert_eq!(states.next(), None);
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}

#[test]
fn logs_of_nodes_with_names_in_any_script_are_handed_out() {
    let store = tempfile::tempdir().unwrap();
    let run = "echo/20260101T000000.000+0000";
    by_hand(store.path(), run, r#"{"valid?": true}"#);
    let logs = store.path().join(run).join("node-logs");
    fs::create_dir(&logs).unwrap();
    fs::write(logs.join("ñ1.log"), "hola").unwrap();
    let server = Server::of(store.path());
    let page = server.get(&format!("/runs/{run}"));
    let link = format!("/runs/{run}/node-logs/ñ1.log");
    assert!(page.body.contains(&link), "{page:?}");
    // As a browser asks for it.
    let log = server.get(&link.replace('ñ', "%C3%B1"));
    assert_eq!((log.status, &*log.body), (200, "hola"), "{log:?}");
}
