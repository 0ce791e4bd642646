//! The yardstick: what the protocol costs with nothing around it. One thread,
//! a buffered reader, borrowed fields, a flush when the input is drained.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Incoming<'a, Body> {
    src: &'a str,
    dest: &'a str,
    body: Body,
}

#[derive(Serialize)]
struct Outgoing<'a, Body> {
    src: &'a str,
    dest: &'a str,
    body: Body,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(default)]
    msg_id: u64,
    #[serde(default)]
    in_reply_to: u64,
    #[serde(borrow)]
    echo: Option<&'a RawValue>,
    #[serde(default)]
    delta: i64,
    #[serde(default)]
    value: i64,
}

#[derive(Serialize)]
struct EchoOk<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    in_reply_to: u64,
    echo: &'a RawValue,
}

#[derive(Serialize)]
struct Reply<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    in_reply_to: u64,
}

#[derive(Serialize)]
struct Read<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    msg_id: u64,
    key: &'a str,
}

#[derive(Serialize)]
struct Cas<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    msg_id: u64,
    key: &'a str,
    from: i64,
    to: i64,
}

/// Calls `handle` with each message, and flushes when the input is drained.
fn lines(
    mut handle: impl FnMut(Incoming<'_, Request<'_>>, &mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut input = BufReader::with_capacity(64 * 1024, io::stdin().lock());
    let mut output = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        handle(serde_json::from_str(&line)?, &mut output)?;
        line.clear();
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
    Ok(())
}

fn say<T: Serialize>(output: &mut dyn Write, src: &str, dest: &str, body: T) -> io::Result<()> {
    serde_json::to_writer(&mut *output, &Outgoing { src, dest, body })?;
    output.write_all(b"\n")
}

pub(crate) fn echo() -> io::Result<()> {
    lines(|message, output| {
        let Request { kind, msg_id, .. } = message.body;
        let (src, dest, in_reply_to) = (message.dest, message.src, msg_id);
        match message.body.echo {
            Some(echo) if kind == "echo" => {
                let kind = "echo_ok";
                let body = EchoOk {
                    kind,
                    in_reply_to,
                    echo,
                };
                say(output, src, dest, body)
            }
            _ => {
                let kind = "init_ok";
                say(output, src, dest, Reply { kind, in_reply_to })
            }
        }
    })
}

/// An add on its way: who asked, under which number, and how much.
struct Add {
    client: String,
    msg_id: u64,
    delta: i64,
}

pub(crate) fn add() -> io::Result<()> {
    let mut waiting: HashMap<u64, Add> = HashMap::new();
    let mut next = 0;
    lines(|message, output| {
        let (me, from, body) = (message.dest, message.src, message.body);
        let (kv, key) = ("seq-kv", "counter");
        match body.kind {
            "add" => {
                next += 1;
                let (client, delta) = (from.to_owned(), body.delta);
                let msg_id = body.msg_id;
                waiting.insert(
                    next,
                    Add {
                        client,
                        msg_id,
                        delta,
                    },
                );
                let (kind, msg_id) = ("read", next);
                say(output, me, kv, Read { kind, msg_id, key })
            }
            "read_ok" => {
                let Some(add) = waiting.remove(&body.in_reply_to) else {
                    return Ok(());
                };
                next += 1;
                let cas = Cas {
                    kind: "cas",
                    msg_id: next,
                    key,
                    from: body.value,
                    to: body.value + add.delta,
                };
                waiting.insert(next, add);
                say(output, me, kv, cas)
            }
            "cas_ok" => {
                let Some(add) = waiting.remove(&body.in_reply_to) else {
                    return Ok(());
                };
                let (kind, in_reply_to) = ("add_ok", add.msg_id);
                say(output, me, &add.client, Reply { kind, in_reply_to })
            }
            _ => {
                let (kind, in_reply_to) = ("init_ok", body.msg_id);
                say(output, me, from, Reply { kind, in_reply_to })
            }
        }
    })
}
