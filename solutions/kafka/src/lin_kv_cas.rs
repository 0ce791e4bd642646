//! Compare-and-set: an offset belongs to whoever creates its entry first.
//!
//! To create an entry only if it does not exist is a compare-and-set that takes
//! the offset and stores the message at once. A node tries the first offset
//! that it does not know to be taken, and the next when somebody was faster. No
//! offset is ever taken without a message, so logs have no gaps, and nothing is
//! lost with a node.

use maelstrom_node::Result;

use crate::entries::Entries;
use crate::message::{Key, Message, Offset};

/// Appends a message.
///
/// # Errors
/// When the store does not answer; then nobody knows whether it was appended.
/// Whoever is beaten again and again is given up with its client.
pub(crate) async fn append(entries: &Entries, key: &Key, message: &Message) -> Result<Offset> {
    loop {
        let offset = entries.end(key);
        if entries.write(key, offset, message).await? {
            return Ok(offset);
        }
    }
}
