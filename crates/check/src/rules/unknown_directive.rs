//! A `-- segue:` comment is no directive.

use crate::{Ask, Example, Group, Question, Rule};

pub(super) static RULE: Rule = Rule {
    code: "unknown-directive",
    summary: "a `-- segue:` comment is no directive",
    question: Question::Fails,
    group: Group::Project,
    page: "A comment that starts with `-- segue:` is meant for Segue, and this one is not understood. A directive that is ignored silently is worse than none. Known: `allow`, `transaction`, `backfill`, `reverse`, `gate`.",
    bad: &[
        Example::new("-- segue:alow add-check-validated because the table is small\nSELECT 1;")
            .after("CREATE TABLE orders (total int);"),
    ],
    good: &[Example::new("-- segue:transaction none\nSELECT 1;")
        .after("CREATE TABLE orders (total int);")],
    ask: Ask::Machinery,
};
