//! The neutral questions, one file each. Every match is exhaustive: a new change stops the build here.

mod apply;
mod breaks;
mod destroys;
mod holds;
mod inverse;

pub use apply::apply;
pub use breaks::breaks;
pub use destroys::destroys;
pub use holds::holds;
pub use inverse::inverse;
