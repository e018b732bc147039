//! An object of a kind that the model does not follow, as a change.

use segue_model::{Change, Ident, OtherObject};
use squawk_syntax::ast::{self, AstNode};

use super::clause::role;
use crate::parse::reader::{NameRole, ReadError, Reader};

/// The statement's first word, and whether it makes the object or needs it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Naming {
    /// It is made.
    New(&'static str),
    /// It must exist.
    Used(&'static str),
}

impl Naming {
    fn parts(self) -> (&'static str, NameRole) {
        match self {
            Self::New(verb) => (verb, NameRole::New),
            Self::Used(verb) => (verb, NameRole::Used),
        }
    }
}

/// An object with a name, which must be there; of a qualified name the last part.
pub(super) fn named(
    reader: &mut Reader<'_>,
    naming: Naming,
    kind: &str,
    name: Option<impl AstNode>,
    inside: &impl AstNode,
) -> Result<Change, ReadError> {
    let name = reader.require(name, inside, "a name")?;
    let name = match ast::RoleRef::cast(name.syntax().clone()) {
        Some(written) => role(reader, Some(written), inside)?,
        None => {
            let last = reader.segments(name.syntax(), naming.parts().1)?.pop();
            reader.require(last, inside, "a name")?
        }
    };
    Ok(change(naming, kind, Some(name)))
}

/// An object without a name of its own; `part` is what must be there all the same.
pub(super) fn nameless<T>(
    reader: &Reader<'_>,
    naming: Naming,
    kind: &str,
    part: Option<T>,
    inside: &impl AstNode,
) -> Result<Change, ReadError> {
    reader.require(part, inside, kind)?;
    Ok(change(naming, kind, None))
}

fn change(naming: Naming, kind: &str, name: Option<Ident>) -> Change {
    let verb = naming.parts().0;
    Change::Other(OtherObject {
        kind: kind.to_owned(),
        verb: [verb, " ", &kind.to_ascii_uppercase()].concat(),
        name,
    })
}
