//! The clients of a run: one request at a time, Maelstrom's timeouts, and what
//! becomes of an operation when a request fails.

use std::fmt;

use maelstrom_check::{OpType, Value};
use maelstrom_proto::{Body, ErrorCode, NodeId};
use serde::Serialize;

use crate::network::{ClientAddress, Network};
use crate::schema::{Form, excerpt};

/// How long a client waits for a reply, in nanoseconds, unless its workload
/// says otherwise.
pub(crate) const TIMEOUT: u64 = 5_000_000_000;

/// How long `init` may take.
pub(crate) const INIT_TIMEOUT: u64 = 10_000_000_000;

/// How much of a malformed reply is quoted.
const QUOTED: usize = 500;

/// A client that talks to one node.
pub(crate) struct Client {
    network: Network,
    address: ClientAddress,
    node: NodeId,
}

/// A request, and a reply to it that is no error.
struct Exchange {
    request: Body,
    body: Body,
    /// What the body says.
    reply: Value,
}

/// Why a request gave no usable reply.
#[derive(Debug)]
pub(crate) enum ClientError {
    /// No reply in time.
    Timeout,
    /// The node answered with an error.
    Error(Refusal),
    /// The node answered with something else than what the workload defines.
    Malformed(String),
}

/// A reply of the type `error`, whatever is in it: Maelstrom looks at the code
/// alone, and takes one that it does not know for an indefinite error.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: Value,
    text: Value,
}

impl Refusal {
    fn of(reply: &Value) -> Self {
        let field = |name| reply.get(name).cloned().unwrap_or_default();
        Self {
            code: field("code"),
            text: field("text"),
        }
    }

    /// The code, if it is one that Maelstrom defines.
    fn known(&self) -> Option<ErrorCode> {
        match ErrorCode::from(self.code.as_int()?) {
            ErrorCode::Other(_) => None,
            code => Some(code),
        }
    }

    fn name(&self) -> &'static str {
        self.known().map_or("unknown", ErrorCode::name)
    }

    fn is_definite(&self) -> bool {
        self.known().is_some_and(ErrorCode::is_definite)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {} ({})", self.name(), self.code)?;
        match &self.text {
            Value::Nil => Ok(()),
            Value::Str(text) => write!(f, ": {text}"),
            other => write!(f, ": {other}"),
        }
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("no answer in time"),
            Self::Error(error) => write!(f, "it answered with {error}"),
            Self::Malformed(text) => f.write_str(text),
        }
    }
}

/// What a client is asked to do.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    pub(crate) f: &'static str,
    pub(crate) value: Value,
    /// Whether it is one of the reads after the recovery.
    pub(crate) is_final: bool,
    /// What else the history is to say of it.
    pub(crate) extra: Vec<(&'static str, Value)>,
}

/// How an operation ended.
#[derive(Debug)]
pub(crate) struct Completion {
    pub(crate) kind: OpType,
    pub(crate) value: Value,
    pub(crate) error: Option<Value>,
    pub(crate) exception: Option<Value>,
}

impl Completion {
    pub(crate) fn ok(value: impl Into<Value>) -> Self {
        Self {
            kind: OpType::Ok,
            value: value.into(),
            error: None,
            exception: None,
        }
    }

    /// How an operation ends whose request failed: `fail` when it certainly did
    /// not happen, or when it is `harmless` (changes nothing); else `info`.
    pub(crate) fn of_error(invocation: &Invocation, error: ClientError, harmless: bool) -> Self {
        let (definite, error) = match error {
            ClientError::Malformed(text) => return Self::crash(invocation, text),
            ClientError::Timeout => (false, Value::keyword("net-timeout")),
            ClientError::Error(refusal) => {
                let name = Value::keyword(refusal.name());
                let definite = refusal.is_definite();
                (definite, Value::vector([name, refusal.text]))
            }
        };
        let failed = definite || harmless;
        Self {
            kind: if failed { OpType::Fail } else { OpType::Info },
            value: invocation.value.clone(),
            error: Some(error),
            exception: None,
        }
    }

    /// How an operation ends in a workload whose clients handle no error at
    /// all: nobody knows, whatever the error was.
    pub(crate) fn unhandled(invocation: &Invocation, error: ClientError) -> Self {
        let class = match &error {
            ClientError::Malformed(_) => "malformed-rpc-response",
            ClientError::Timeout => "maelstrom.client/timeout",
            ClientError::Error(_) => "rpc-error",
        };
        Self::thrown(invocation, class, error.to_string())
    }

    /// How an operation ends whose client met something that it can't handle.
    fn crash(invocation: &Invocation, text: String) -> Self {
        Self::thrown(invocation, "malformed-rpc-response", text)
    }

    fn thrown(invocation: &Invocation, class: &str, text: String) -> Self {
        let exception = [
            (Value::keyword("type"), Value::keyword(class)),
            (Value::keyword("message"), text.clone().into()),
        ];
        Self {
            kind: OpType::Info,
            value: invocation.value.clone(),
            error: Some(format!("indeterminate: {text}").into()),
            exception: Some(Value::map(exception)),
        }
    }
}

impl Client {
    /// A new client on the network, talking to `node`.
    pub(crate) fn open(network: &Network, node: &NodeId) -> Self {
        Self {
            network: network.clone(),
            address: network.open_client(),
            node: node.clone(),
        }
    }

    /// Its name on the network.
    pub(crate) fn id(&self) -> &NodeId {
        self.address.id()
    }

    /// Sends a request and waits for its reply, `timeout` nanoseconds at most.
    /// The reply must have this form.
    pub(crate) async fn rpc(
        &self,
        request: &impl Serialize,
        form: &Form,
        timeout: u64,
    ) -> Result<Value, ClientError> {
        let Exchange {
            request,
            body,
            reply,
        } = self.exchange(request, timeout).await?;
        let problems = form.problems(&reply);
        if problems.is_empty() {
            return Ok(reply);
        }
        let node = &self.node;
        let body = excerpt(body.as_str(), QUOTED);
        let problems = problems.join("; ");
        Err(ClientError::Malformed(format!(
            "{node} was sent {request}, and its answer is malformed: {body}\n  \
            expected: {form}\n  wrong: {problems}"
        )))
    }

    /// The same for a reply of which only the type counts.
    pub(crate) async fn rpc_of_type(
        &self,
        request: &impl Serialize,
        kind: &str,
        timeout: u64,
    ) -> Result<(), ClientError> {
        let Exchange { body, reply, .. } = self.exchange(request, timeout).await?;
        if reply.get("type").and_then(Value::name) == Some(kind) {
            return Ok(());
        }
        let body = excerpt(body.as_str(), QUOTED);
        Err(ClientError::Malformed(format!(
            "an answer of the type `{kind}` was expected, and it was {body}"
        )))
    }

    /// Sends a request and waits for what comes back.
    async fn exchange(
        &self,
        request: &impl Serialize,
        timeout: u64,
    ) -> Result<Exchange, ClientError> {
        let msg_id = self.network.next_msg_id(&self.address);
        let request = Body::request(request, msg_id).map_err(|error| {
            ClientError::Malformed(format!("the workload's own request: {error}"))
        })?;
        let reply =
            self.network
                .request(&self.address, &self.node, request.clone(), msg_id, timeout);
        let body = reply.await.map_err(|_| ClientError::Timeout)?;
        let reply = Value::from_json(body.as_str()).map_err(|error| {
            let body = excerpt(body.as_str(), QUOTED);
            ClientError::Malformed(format!("{} answered {body}: {error}", self.node))
        })?;
        if reply.get("type").and_then(Value::name) == Some("error") {
            return Err(ClientError::Error(Refusal::of(&reply)));
        }
        Ok(Exchange {
            request,
            body,
            reply,
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.network.close_client(&self.address);
    }
}
