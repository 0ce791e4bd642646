//! Nodes, services, and the network between them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use maelstrom_node::proto::echo;
use maelstrom_node::{
    Body, Context, Environment, Error, ErrorCode, Message, NodeId, Server, handler,
};
use serde_json::json;
use tokio::sync::mpsc;

use crate::fake::{Age, Services};

/// What becomes of a request to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is carried out and answered.
    Answered,
    /// It is lost on the way there.
    Lost,
    /// It is carried out, and the answer is lost.
    Unanswered,
    /// It is carried out and answered, that much later.
    Late(Duration),
    /// It is answered with this error, and not carried out.
    Refused(ErrorCode),
}

type Decide = dyn FnMut(&Message) -> Fate + Send;
type Deliver = Box<dyn FnMut(Message) + Send>;

/// Nodes with a way to four services, 10 ms there and 10 ms back.
#[derive(Clone)]
pub(crate) struct Network(Arc<Mutex<Inner>>);

struct Inner {
    services: Services,
    fate: Box<Decide>,
    /// Every request that reached the network, in order.
    requests: Vec<Message>,
}

impl Network {
    pub(crate) fn new(age: Age) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            services: Services::new(7, age),
            fate: Box::new(|_| Fate::Answered),
            requests: Vec::new(),
        })))
    }

    /// Decides from now on what becomes of each request.
    pub(crate) fn fate(&self, fate: impl FnMut(&Message) -> Fate + Send + 'static) {
        self.0.lock().unwrap().fate = Box::new(fate);
    }

    /// How many requests of this type have been sent.
    pub(crate) fn count(&self, kind: &str) -> usize {
        let inner = self.0.lock().unwrap();
        let of_kind = |message: &&Message| message.body.header().unwrap().kind == kind;
        inner.requests.iter().filter(of_kind).count()
    }

    /// A node on this network; its context is all that the tests need of it.
    pub(crate) fn node(&self, id: &str) -> Context {
        let (outgoing, mut sent) = mpsc::unbounded_channel::<Message>();
        let (made, ready) = std::sync::mpsc::channel();
        let make = move |ctx: Context| {
            made.send(ctx).unwrap();
            handler(async |_, echo::Request::Echo { echo }| Ok(echo::Response::EchoOk { echo }))
        };
        let seed = id.bytes().map(u64::from).sum();
        let environment = Environment::seeded(seed, || Duration::from_secs(1_000));
        let mut server = Server::new(make, environment, move |message| {
            let _ = outgoing.send(message);
        });
        let init = json!({"type": "init", "node_id": id, "node_ids": [id]});
        server.deliver(Message::new("c0", id, Body::one_way(&init).unwrap()));
        let deliver: Deliver = Box::new(move |message| server.deliver(message));
        let deliver = Arc::new(Mutex::new(deliver));
        let network = self.clone();
        tokio::spawn(async move {
            while let Some(message) = sent.recv().await {
                tokio::spawn(network.clone().carry(message, deliver.clone()));
            }
        });
        ready.recv().unwrap()
    }

    /// Takes a request to its service and the answer back.
    async fn carry(self, request: Message, deliver: Arc<Mutex<Deliver>>) {
        let fate = {
            let mut inner = self.0.lock().unwrap();
            inner.requests.push(request.clone());
            (inner.fate)(&request)
        };
        let hop = Duration::from_millis(10);
        tokio::time::sleep(hop).await;
        match fate {
            Fate::Answered | Fate::Unanswered | Fate::Refused(_) => {}
            Fate::Lost => return,
            Fate::Late(span) => tokio::time::sleep(span).await,
        }
        let Message {
            src, dest, body, ..
        } = request;
        let answer = match fate {
            Fate::Refused(code) => {
                let msg_id = body.header().unwrap().msg_id.unwrap();
                Body::reply(&Error::new(code, "refused"), msg_id).ok()
            }
            _ => self.answer(&dest, &src, &body),
        };
        tokio::time::sleep(hop).await;
        if let Some(answer) = answer
            && fate != Fate::Unanswered
        {
            (deliver.lock().unwrap())(Message::new(dest, src, answer));
        }
    }

    fn answer(&self, service: &NodeId, client: &NodeId, body: &Body) -> Option<Body> {
        let mut inner = self.0.lock().unwrap();
        inner.services.answer(service.as_str(), client, body)
    }
}
