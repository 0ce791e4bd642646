//! The log strategies under the official settings and under faults.

mod kills;
mod measure;
mod strategies;
mod watermark;
