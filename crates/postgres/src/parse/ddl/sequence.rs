//! CREATE, ALTER and DROP SEQUENCE.

use segue_model::{Change, ColumnUse, Persistence, SequenceChange};
use squawk_syntax::ast;

use super::{
    Answer,
    clause::{new_name, new_namespace, non_empty, owner, presence, reaction, target},
    table::{made_relation, read_persistence},
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    Ok(Some(match statement {
        ast::Stmt::CreateSequence(create) => vec![create_sequence(reader, create)?],
        ast::Stmt::AlterSequence(alter) => alter_sequence(reader, alter)?,
        ast::Stmt::DropSequence(drop) => {
            let presence = presence(drop.if_exists().as_ref());
            let reaction = reaction(drop.drop_behavior().as_ref());
            let mut changes = Vec::new();
            for name in drop.sequence_refs() {
                let target = target(reader.qualified(&name)?, presence);
                reader.dropped(&target.name);
                changes.push(Change::Sequence(target, SequenceChange::Drop { reaction }));
            }
            non_empty(reader, changes, drop, "a sequence")?
        }
        _ => return Ok(None),
    }))
}

fn create_sequence(
    reader: &mut Reader<'_>,
    statement: &ast::CreateSequence,
) -> Result<Change, ReadError> {
    let persistence = read_persistence(statement.persistence().as_ref());
    if persistence == Persistence::Unlogged {
        reader.since(statement, "unlogged sequences", 15);
    }
    let mut owned_by = None;
    for option in statement.sequence_options() {
        if let ast::SequenceOption::OptionOwnedBy(clause) = option {
            owned_by = owner_column(reader, &clause)?;
        }
    }
    let name = made_relation(reader, statement.sequence(), persistence, statement)?;
    let change = SequenceChange::Create {
        owned_by,
        persistence,
    };
    Ok(Change::Sequence(
        target(name, presence(statement.if_not_exists().as_ref())),
        change,
    ))
}

/// None for OWNED BY NONE.
fn owner_column(
    reader: &mut Reader<'_>,
    clause: &ast::OptionOwnedBy,
) -> Result<Option<ColumnUse>, ReadError> {
    match reader.require(clause.owned_by_target(), clause, "a column or NONE")? {
        ast::OwnedByTarget::OwnedByNone(_) => Ok(None),
        ast::OwnedByTarget::QualifiedColumnNameRef(column) => {
            let (table, column) = reader.qualified_column(&column)?;
            Ok(Some(ColumnUse {
                relation: Some(table),
                column,
            }))
        }
    }
}

fn alter_sequence(
    reader: &mut Reader<'_>,
    statement: &ast::AlterSequence,
) -> Result<Vec<Change>, ReadError> {
    let name = reader.require_qualified(statement.sequence_ref(), statement, "a sequence")?;
    let target = target(name, presence(statement.if_exists().as_ref()));
    let mut options = Vec::new();
    let mut changes = Vec::new();
    for action in statement.actions() {
        match action {
            ast::AlterSequenceAction::OwnerTo(clause) => {
                changes.push(SequenceChange::SetOwner(owner(reader, &clause)?));
            }
            ast::AlterSequenceAction::SequenceRenameTo(rename) => {
                let to = new_name(reader, rename.sequence(), &rename)?;
                changes.push(SequenceChange::Rename(to));
            }
            ast::AlterSequenceAction::SetSchema(set) => {
                changes.push(SequenceChange::SetNamespace(new_namespace(reader, &set)?));
            }
            ast::AlterSequenceAction::SequenceOption(ast::SequenceOption::OptionOwnedBy(
                clause,
            )) => changes.push(SequenceChange::SetOwnedBy(owner_column(reader, &clause)?)),
            ast::AlterSequenceAction::SequenceOption(option) => {
                options.push(option_word(&option).to_owned());
            }
            ast::AlterSequenceAction::SetLogged(_) => options.push("SET LOGGED".to_owned()),
            ast::AlterSequenceAction::SetUnlogged(_) => options.push("SET UNLOGGED".to_owned()),
        }
    }
    // All options of one statement make one new file.
    if !options.is_empty() {
        changes.insert(0, SequenceChange::Alter { options });
    }
    let changes = non_empty(reader, changes, statement, "an action")?;
    Ok(changes
        .into_iter()
        .map(|change| Change::Sequence(target.clone(), change))
        .collect())
}

fn option_word(option: &ast::SequenceOption) -> &'static str {
    match option {
        ast::SequenceOption::OptionAsType(_) => "AS",
        ast::SequenceOption::OptionCache(_) => "CACHE",
        ast::SequenceOption::OptionCycle(_) => "CYCLE",
        ast::SequenceOption::OptionIncrement(_) => "INCREMENT",
        ast::SequenceOption::OptionLogged(_) => "LOGGED",
        ast::SequenceOption::OptionMaxValue(_) => "MAXVALUE",
        ast::SequenceOption::OptionMinValue(_) => "MINVALUE",
        ast::SequenceOption::OptionNoCycle(_) => "NO CYCLE",
        ast::SequenceOption::OptionNoMaxValue(_) => "NO MAXVALUE",
        ast::SequenceOption::OptionNoMinValue(_) => "NO MINVALUE",
        ast::SequenceOption::OptionOwnedBy(_) => "OWNED BY",
        ast::SequenceOption::OptionRestart(_) => "RESTART",
        ast::SequenceOption::OptionSequenceName(_) => "SEQUENCE NAME",
        ast::SequenceOption::OptionStart(_) => "START",
        ast::SequenceOption::OptionUnlogged(_) => "UNLOGGED",
    }
}
