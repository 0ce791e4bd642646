//! The services that nodes may lean on: `lin-kv`, `seq-kv`, `lww-kv`, `lin-tso`.
//!
//! After Maelstrom's `service.clj`. Each is a value that takes a request and
//! gives a reply at once; on the network they are parties like nodes, so that
//! latency applies between a node and a service. A request of an unknown type
//! gets no reply, and a reply carries no `msg_id`.

mod eventual;
mod kv;
mod sequential;

use async_trait::async_trait;
use maelstrom_check::Value;
use maelstrom_proto::{Body, Message, NodeId};
use rand::rngs::ChaCha8Rng;

use crate::host::{Outbox, RunningNode};
use crate::network::Network;
use crate::seed::Stream;
use crate::settings::ServiceMode;
use eventual::Eventual;
use kv::Kv;
use sequential::Sequential;

/// A reply's fields, but for `in_reply_to`.
type Reply = Vec<(&'static str, Value)>;

/// Something that answers requests.
pub(crate) trait Service: Send {
    /// Answers a request, or does not know its type.
    fn handle(&mut self, src: &NodeId, request: &Value) -> Option<Reply>;
}

/// All four, by their names on the network.
pub(crate) fn services(mode: ServiceMode, seed: u64) -> [(&'static str, Box<dyn Service>); 4] {
    let rng = |number| Stream::Service(number).rng(seed);
    [
        ("lin-kv", Box::new(Linearizable::default())),
        ("seq-kv", Box::new(Sequential::new(mode, rng(0)))),
        ("lww-kv", Box::new(Eventual::new(mode, rng(1)))),
        ("lin-tso", Box::new(TimestampOracle::default())),
    ]
}

/// One map, one request after the other.
#[derive(Default)]
struct Linearizable {
    kv: Kv,
}

impl Service for Linearizable {
    fn handle(&mut self, _: &NodeId, request: &Value) -> Option<Reply> {
        let request = kv::Request::read(request)?;
        let (reply, change) = request.apply(self.kv.get(request.key()));
        if let Some(value) = change {
            self.kv.insert(request.key().clone(), value.clone());
        }
        Some(reply)
    }
}

/// Hands out 0, 1, 2, …
#[derive(Default)]
struct TimestampOracle {
    next: u64,
}

impl Service for TimestampOracle {
    fn handle(&mut self, _: &NodeId, request: &Value) -> Option<Reply> {
        if request.get("type")?.name()? != "ts" {
            return None;
        }
        self.next += 1;
        Some(fields("ts_ok", [("ts", Value::from(self.next - 1))]))
    }
}

/// A reply of this type with these fields.
fn fields<const N: usize>(kind: &str, fields: [(&'static str, Value); N]) -> Reply {
    let kind = ("type", Value::from(kind));
    std::iter::once(kind).chain(fields).collect()
}

/// An integer from 0 up to `bound`, that excluded.
fn below(rng: &mut ChaCha8Rng, bound: u64) -> u64 {
    rand::RngExt::random_range(rng, 0..bound)
}

/// A service as a party on the network.
pub(crate) struct Party {
    outbox: Outbox,
    service: Box<dyn Service>,
}

impl Party {
    /// Registers a service. Gives its number on the network, too.
    pub(crate) fn register(
        network: &Network,
        name: &str,
        service: Box<dyn Service>,
    ) -> (usize, Self) {
        let id = NodeId::new(name);
        let number = network.add_node(&id);
        let outbox = Outbox::new(network, number, &id);
        (number, Self { outbox, service })
    }

    fn answer(&mut self, request: &Message) -> Option<Message> {
        let reply = answer(&mut *self.service, &request.src, &request.body)?;
        Some(Message::new(self.outbox.id(), &request.src, reply))
    }
}

/// What a service says to a request. Numbers in it keep every digit.
fn answer(service: &mut dyn Service, src: &NodeId, request: &Body) -> Option<Body> {
    let request = Value::from_json(request.as_str()).ok()?;
    let mut reply = service.handle(src, &request)?;
    let msg_id = request.get("msg_id").cloned();
    reply.push(("in_reply_to", msg_id.unwrap_or_default()));
    Body::parse(&Value::map(reply).to_json_text()).ok()
}

#[async_trait]
impl RunningNode for Party {
    fn deliver(&mut self, message: Message) {
        if let Some(reply) = self.answer(&message) {
            self.outbox.send(reply);
        }
    }

    async fn stop(&mut self) {}
}

#[cfg(test)]
mod tests;
