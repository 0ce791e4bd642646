//! The clients of a run: one request at a time, Maelstrom's timeouts, and what
//! becomes of an operation when a request fails.

use std::fmt;

use maelstrom_check::{OpType, Value};
use maelstrom_proto::{Body, Error, NodeId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::network::{ClientAddress, Network};

/// How long a client waits for a reply, in nanoseconds, unless its workload
/// says otherwise.
pub(crate) const TIMEOUT: u64 = 5_000_000_000;

/// How long `init` may take.
pub(crate) const INIT_TIMEOUT: u64 = 10_000_000_000;

/// A client that talks to one node.
pub(crate) struct Client {
    network: Network,
    address: ClientAddress,
    node: NodeId,
}

/// Why a request gave no usable reply.
#[derive(Debug)]
pub(crate) enum ClientError {
    /// No reply in time.
    Timeout,
    /// The node answered with an error.
    Error(Error),
    /// The node answered with something else than what the workload defines.
    Malformed(String),
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
            ClientError::Error(Error { code, text }) => {
                let name = Value::keyword(code.name());
                (code.is_definite(), Value::vector([name, text.into()]))
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
    /// The reply must have the fields of `R` and no others.
    pub(crate) async fn rpc<R>(
        &self,
        request: &impl Serialize,
        timeout: u64,
    ) -> Result<R, ClientError>
    where
        R: DeserializeOwned,
    {
        let msg_id = self.network.next_msg_id(&self.address);
        let request = Body::request(request, msg_id).map_err(|error| {
            ClientError::Malformed(format!("the workload's own request: {error}"))
        })?;
        let reply =
            self.network
                .request(&self.address, &self.node, request.clone(), msg_id, timeout);
        let (reply, is_error) = reply.await.map_err(|_| ClientError::Timeout)?;
        if is_error && let Ok(error) = reply.decode() {
            return Err(ClientError::Error(error));
        }
        serde_json::from_str(reply.as_str()).map_err(|error| {
            let node = &self.node;
            ClientError::Malformed(format!(
                "{node} was sent {request} and answered {reply}, which is malformed: {error}"
            ))
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.network.close_client(&self.address);
    }
}

/// Defines the reply that a workload allows: these fields, `type`, `in_reply_to`
/// and an optional `msg_id`, and no others, as Maelstrom's schemas have it.
macro_rules! reply {
    ($name:ident :: $kind:ident { $($field:ident : $type:ty),* }) => {
        #[derive(Debug)]
        #[allow(dead_code)] // The protocol's own fields are there to be allowed.
        enum $name {
            $kind {
                in_reply_to: u64,
                msg_id: Option<i64>,
                $($field: $type,)*
            },
        }

        // As a tagged enum it would have serde put all fields aside before it
        // reads them, which takes long when one of them is a long list.
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(reply: D) -> Result<Self, D::Error> {
                #[derive(serde::Deserialize)]
                #[serde(rename_all = "snake_case")]
                enum Kind {
                    $kind,
                }
                #[derive(serde::Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Fields {
                    r#type: Kind,
                    in_reply_to: u64,
                    #[serde(default)]
                    msg_id: Option<i64>,
                    $($field: $type,)*
                }
                let fields = Fields::deserialize(reply)?;
                let Kind::$kind = fields.r#type;
                Ok(Self::$kind {
                    in_reply_to: fields.in_reply_to,
                    msg_id: fields.msg_id,
                    $($field: fields.$field,)*
                })
            }
        }
    };
}
pub(crate) use reply;
