//! A suppression is past its date.

use crate::{Ask, Example, Group, Question, Rule};

pub(super) static RULE: Rule = Rule {
    code: "suppression-expired",
    summary: "a suppression is past its date",
    question: Question::Fails,
    group: Group::Project,
    page: "A `-- segue:allow … until DATE` holds up to and including that day. It is past: the finding it covered is reported again. Fix what it allowed, or give a new date with a reason.",
    bad: &[Example::new("-- segue:allow add-check-validated because the table is small until 2001-01-01\nALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0);").after("CREATE TABLE orders (total int);")],
    good: &[Example::new("-- segue:allow add-check-validated because the table is small until 2999-01-01\nALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0);").after("CREATE TABLE orders (total int);")],
    ask: Ask::Machinery,
};
