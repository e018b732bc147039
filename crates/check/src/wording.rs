//! Sentences that every rule says in the same way.

use segue_model::{
    Blocks, Context, Impact, LockMode, LockMoment, Locked, QualifiedName, Work, WorkKind,
};

use crate::Stake;

/// A number of rows for people: `950 rows`, `41 M rows`.
pub(crate) fn rows(count: u64) -> String {
    let (number, unit) = match count {
        0..10_000 => (count, ""),
        10_000..10_000_000 => (count / 1_000, " k"),
        10_000_000..10_000_000_000 => (count / 1_000_000, " M"),
        _ => (count / 1_000_000_000, " G"),
    };
    let mut text = number.to_string();
    text.push_str(unit);
    text.push_str(" rows");
    text
}

/// `a`, `b` and `c`.
pub(crate) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => [&first.join(", "), " and ", last].concat(),
    }
}

/// The lock on a relation, what it blocks, and for how long: one sentence. None when the statement does not lock it.
pub(crate) fn lock(
    impact: &Impact,
    relation: &QualifiedName,
    context: &Context<'_>,
) -> Option<String> {
    let mode = impact.strongest_on(relation)?;
    let moment = impact
        .claims
        .iter()
        .find(|claim| claim.mode == mode && claim.on == Locked::Relation(relation.clone()))
        .map_or(LockMoment::Whole, |claim| claim.when);
    let mut sentence = [
        mode.words(),
        " on ",
        &relation.to_string(),
        ", ",
        &duration(impact, relation, moment),
    ]
    .concat();
    sentence.push_str("; ");
    sentence.push_str(waiting(mode));
    if worked_on(impact, relation).next().is_some() {
        sentence.push_str("; ");
        sentence.push_str(&Stake::of(relation, context).words());
    }
    Some(sentence)
}

fn worked_on<'a>(
    impact: &'a Impact,
    relation: &'a QualifiedName,
) -> impl Iterator<Item = &'a Work> {
    impact.work.iter().filter(move |work| &work.on == relation)
}

fn duration(impact: &Impact, relation: &QualifiedName, moment: LockMoment) -> String {
    let mut does: Vec<String> = Vec::new();
    let mut builds = 0_usize;
    for work in worked_on(impact, relation) {
        match &work.kind {
            WorkKind::Rewrite => does.push("every row is written anew".to_owned()),
            WorkKind::Scan => does.push("every row is read".to_owned()),
            WorkKind::Copy => does.push("its files are copied".to_owned()),
            WorkKind::BuildIndex(_) => builds += 1,
            WorkKind::NewFile => does.push("a new file takes its place".to_owned()),
            WorkKind::Rows => does.push("the statement reads and writes its rows".to_owned()),
        }
    }
    match builds {
        0 => {}
        1 => does.push("an index is built".to_owned()),
        _ => does.push([&builds.to_string(), " indexes are built"].concat()),
    }
    does.dedup();
    if does.is_empty() {
        return match moment {
            LockMoment::Whole => "metadata only".to_owned(),
            LockMoment::AtEnd => "at the end only".to_owned(),
            LockMoment::Briefly => "for a moment".to_owned(),
        };
    }
    ["held while ", &list(&does)].concat()
}

/// What the application feels.
fn waiting(mode: LockMode) -> &'static str {
    match mode.blocks() {
        Blocks::ReadsAndWrites => "readers and writers wait, from the moment it is requested",
        Blocks::Writes => "writers wait, from the moment it is requested",
        Blocks::Nobody => "readers and writers go on",
    }
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn a_number_of_rows_has_a_unit() {
        assert_eq!(rows(950), "950 rows");
        assert_eq!(rows(41_000_000), "41 M rows");
        assert_eq!(rows(250_000), "250 k rows");
    }
}
