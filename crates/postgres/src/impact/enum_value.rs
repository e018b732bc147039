//! A new label of an enum cannot be used before the transaction that added it has committed.
//!
//! Source: PostgreSQL 17 manual, ALTER TYPE (Notes); measured on 15 and 18. A label of a type that was itself created in
//! the transaction may be used on 18, not on 15 (measured).

use segue_model::{DataType, Expression, QualifiedName, RefusalReason};

use super::ledger::Ledger;

/// Refuses an expression that names a label which this transaction added. `of` is the type of the value, where it is
/// known: another type's label of the same spelling is no use.
pub(super) fn refuse(expression: &Expression, of: Option<&DataType>, ledger: &mut Ledger<'_>) {
    refuse_text(&expression.text, of, ledger);
}

/// Refuses a text that names a label which this transaction added.
pub(super) fn refuse_text(text: &str, of: Option<&DataType>, ledger: &mut Ledger<'_>) {
    let transaction = ledger.context.transaction;
    if !transaction.is_open() {
        return;
    }
    let used: Vec<(QualifiedName, String)> = transaction
        .new_labels
        .iter()
        .filter(|(name, label)| {
            let fits = of
                .and_then(DataType::user_type)
                .is_none_or(|found| found == name);
            fits && names_label(text, label) && !is_allowed(name, ledger)
        })
        .cloned()
        .collect();
    for (name, label) in used {
        ledger.refuse(
            RefusalReason::UncommittedEnumValue,
            format!("the label '{label}' was added to {name} in this transaction and cannot be used before it commits"),
        );
    }
}

fn names_label(text: &str, label: &str) -> bool {
    let mut quoted = String::with_capacity(label.len() + 2);
    quoted.push('\'');
    quoted.push_str(&label.replace('\'', "''"));
    quoted.push('\'');
    text.contains(&quoted)
}

/// On 18 a type that is as new as its label may be used with it.
fn is_allowed(name: &QualifiedName, ledger: &Ledger<'_>) -> bool {
    let catalog = ledger.catalog();
    ledger.version() >= 18
        && catalog
            .types
            .get(name)
            .is_some_and(|found| found.born.transaction == catalog.now.transaction)
}
