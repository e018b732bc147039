//! How things are shown to people, whatever the format: places, excerpts, safe steps, names of tools.

pub(crate) mod escape;
pub(crate) mod excerpt;
pub(crate) mod nearest;
pub(crate) mod position;
pub(crate) mod steps;
pub(crate) mod tool;
