//! The catalog after a plan is the catalog after the plain statement, column order aside.

use std::collections::BTreeMap;

use segue_model::{
    Action, Birth, Catalog, ConstraintKind, Fill, Nullability, Plan, Relation, Rows, Table,
    TableConstraint, UserTypeKind, Validity, apply,
};

use crate::cases::{CASES, Case, changes, plan, replay};

#[test]
fn the_steps_together_do_what_the_statement_does() {
    let mut wrong = Vec::new();
    for case in CASES {
        let (first, last) = case.versions;
        for version in [first.max(15), last] {
            let statement = case.statement;
            wrong.extend(
                differences(case, version, |plan| plan)
                    .into_iter()
                    .map(|why| format!("{version}: {statement}: {why}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn without_an_archive_the_steps_do_the_same_and_keep_nothing() {
    let mut wrong = Vec::new();
    let mut archived = 0;
    for case in CASES {
        let version = case.versions.1;
        let plan = plan(case, &replay(case.before, version)).unwrap();
        if !plan.archives() {
            assert_eq!(plan.clone().without_archive(), plan, "{}", case.statement);
            continue;
        }
        archived += 1;
        let without = plan.without_archive();
        assert!(!without.archives(), "{}", case.statement);
        let ids: Vec<u32> = without.steps().map(|step| step.id).collect();
        assert!(
            ids.iter()
                .copied()
                .zip(1..)
                .all(|(id, number)| id == number)
        );
        let statement = case.statement;
        wrong.extend(
            differences(case, version, Plan::without_archive)
                .into_iter()
                .map(|why| format!("{version}: {statement}: {why}")),
        );
    }
    assert!(archived > 1, "the cases have no drop that is archived");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn differences(case: &Case, version: u16, change: fn(Plan) -> Plan) -> Vec<String> {
    let replay = replay(case.before, version);
    let mut wrong = Vec::new();
    let mut as_written = replay.catalog.clone();
    for change in changes(case.statement, version) {
        wrong.extend(
            apply(&change, &mut as_written)
                .into_iter()
                .map(|said| said.message),
        );
    }
    let Some(plan) = plan(case, &replay).map(change) else {
        return vec!["no plan".to_owned()];
    };
    let mut planned = replay.catalog.clone();
    for step in plan.steps() {
        if let Action::Change(changes) = &step.action {
            for change in changes {
                let said = apply(change, &mut planned);
                wrong.extend(
                    said.into_iter()
                        .map(|said| format!("{}: {}", step.purpose, said.message)),
                );
            }
        }
    }
    let (wanted, found) = (
        facts(&as_written, case.differs),
        facts(&planned, case.differs),
    );
    for (name, fact) in &wanted {
        match found.get(name) {
            Some(same) if same == fact => {}
            found => wrong.push(format!("{name} is\n  {found:?}\n  and not\n  {fact}")),
        }
    }
    for name in found.keys().filter(|name| !wanted.contains_key(*name)) {
        wrong.push(format!("{name} is left"));
    }
    wrong
}

/// NOT NULL has a name since 18, and the model gives it one only where a statement does.
fn is_said_by_column(table: &Table, constraint: &TableConstraint) -> bool {
    matches!(&constraint.kind, ConstraintKind::NotNull(column)
        if constraint.validity == Validity::Valid
            && table.column(column).is_some_and(|column| column.nullability == Nullability::NotNull))
}

/// Every object as text, without when it came and in which order; what a case says may differ is left out.
fn facts(catalog: &Catalog, differs: &[&str]) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    for (name, relation) in catalog.relations() {
        match relation {
            Relation::Table(table) => {
                for column in &table.columns {
                    let mut column = column.clone();
                    if matches!(column.fill, Fill::Serial | Fill::Default(_)) {
                        column.fill = Fill::None;
                    }
                    let key = format!("{name} column |{}|", column.name.as_str());
                    facts.insert(key, format!("{column:?}"));
                }
                for constraint in &table.constraints {
                    if is_said_by_column(table, constraint) {
                        continue;
                    }
                    let mut constraint = constraint.clone();
                    constraint.born = Birth::default();
                    let key = format!("{name} constraint {}", constraint.name);
                    facts.insert(key, format!("{constraint:?}"));
                }
                let mut rest = table.as_ref().clone();
                rest.columns.clear();
                rest.constraints.clear();
                rest.indexes.clear();
                rest.born = Birth::default();
                rest.rows = Rows::Unknown;
                facts.insert(format!("{name} table"), format!("{rest:?}"));
            }
            Relation::Index(index) => {
                let mut index = index.clone();
                index.born = Birth::default();
                index.definition.scope = segue_model::Scope::WithDescendants;
                facts.insert(format!("{name} index"), format!("{index:?}"));
            }
            Relation::View(view) => {
                let mut view = view.clone();
                view.born = Birth::default();
                view.indexes.sort();
                facts.insert(format!("{name} view"), format!("{view:?}"));
            }
            Relation::Sequence(sequence) => {
                let owner = &sequence.owned_by;
                facts.insert(format!("{name} sequence"), format!("{owner:?}"));
            }
        }
    }
    facts.extend(domains(catalog));
    facts.retain(|name, _| !differs.iter().any(|part| name.contains(part)));
    for fact in facts.values_mut() {
        *fact = without_text(fact);
    }
    facts
}

/// How many constraints each domain has, and whether all of them are valid.
fn domains(catalog: &Catalog) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    for (name, known) in &catalog.types {
        if let UserTypeKind::Domain { constraints, .. } = &known.kind {
            let all_valid = constraints
                .iter()
                .all(|constraint| constraint.validity == Validity::Valid);
            facts.insert(
                format!("{name} domain"),
                format!("{} {all_valid}", constraints.len()),
            );
        }
    }
    facts
}

/// The model keeps an expression's text when a column in it is renamed, and what was read out of it follows: texts say
/// nothing here. The server's own are compared in `server`.
fn without_text(fact: &str) -> String {
    let mut parts = fact.split("Expression { text: \"");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find("\", columns: ").expect("an expression");
        kept.push_str("Expression { ");
        kept.push_str(&part[end..]);
    }
    kept
}
