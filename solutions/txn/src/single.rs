//! Single: one node has everything, and tells nobody.

use std::sync::{Mutex, PoisonError};

use maelstrom_node::{Context, Result};

use crate::message::{Request, Response, foreign};
use crate::registers::Registers;

/// A node that keeps what it is told to itself.
#[derive(Debug)]
pub struct Single(Mutex<Registers>);

impl Single {
    /// A node whose registers nobody has written.
    pub fn new(ctx: &Context) -> Self {
        Self(Mutex::new(Registers::new(ctx.id().clone())))
    }

    pub(crate) fn handle(&self, request: Request) -> Result<Response> {
        let Request::Txn { mut txn } = request else {
            return Err(foreign());
        };
        // Registers are whole whatever happened while they were locked.
        let mut registers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        registers.execute(&mut txn);
        Ok(Response::TxnOk { txn })
    }
}
