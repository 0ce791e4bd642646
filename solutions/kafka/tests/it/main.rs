//! The log strategies under the official settings and under faults.

mod measure;
mod strategies;
mod watermark;
