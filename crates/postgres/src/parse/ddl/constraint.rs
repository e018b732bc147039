//! Constraints of tables and domains, with the names the server would give them.
//!
//! Some clauses have no place in the model (how an index is stored, MATCH FULL, NO INHERIT …). For a new table nothing
//! is judged by them; a constraint added to a table that is there would be made again by a safe recipe, so there they
//! make the statement unreadable.

use segue_model::{
    ChosenName, Constraint, ConstraintKind, Deferral, Enforcement, ForeignKey, Ident, IndexKeyPart,
    KeyColumns, QualifiedName, ReferentialAction, Validity,
};
use squawk_syntax::ast::{self, AstNode};

use super::{
    clause::{columns, non_empty},
    column::Home,
    generated_name::{distinct, for_columns, for_parts, for_table, key_name},
    index::key,
};
use crate::parse::reader::{ReadError, Reader};

/// What must not be lost of a constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeping {
    /// What the questions ask about: the table is new.
    Essence,
    /// Everything: it may have to be written again.
    Everything,
}

/// Where a constraint stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Beside<'c> {
    /// Beside this column.
    Column(&'c Ident),
    /// In a line of its own, or in ADD CONSTRAINT.
    Nothing,
}

/// A constraint of a table. Defaults, NULL and generation are no constraints.
///
/// # Errors
/// A required part is missing, or a clause is not modelled.
pub(super) fn read_constraint(
    reader: &mut Reader<'_>,
    constraint: &ast::Constraint,
    home: &Home<'_>,
    beside: Beside<'_>,
) -> Result<Constraint, ReadError> {
    let given = given_name(reader, constraint)?;
    let (kind, generated) = match constraint {
        ast::Constraint::CheckConstraint(check) => read_check(reader, check, home)?,
        ast::Constraint::NotNullConstraint(clause) => read_not_null(reader, clause, home, beside)?,
        ast::Constraint::UniqueConstraint(unique) => {
            let index = (unique.using_index(), unique.index_parameters());
            let (key, generated) = read_key(reader, index, home, beside, unique)?;
            let name = generated.unwrap_or_else(|| key_columns_name(home, &key));
            (ConstraintKind::Unique(key), name)
        }
        ast::Constraint::PrimaryKeyConstraint(primary) => {
            let index = (primary.using_index(), primary.index_parameters());
            let (key, generated) = read_key(reader, index, home, beside, primary)?;
            let name = generated.unwrap_or_else(|| for_table(&home.table.name, "pkey"));
            (ConstraintKind::PrimaryKey(key), name)
        }
        ast::Constraint::ForeignKeyConstraint(foreign) => {
            let key = read_foreign_key(reader, foreign, home)?;
            named_foreign_key(key, home)
        }
        ast::Constraint::ReferencesConstraint(references) => {
            let key = read_references(reader, references, home, beside)?;
            named_foreign_key(key, home)
        }
        ast::Constraint::ExcludeConstraint(exclude) => read_exclude(reader, exclude, home)?,
        ast::Constraint::DefaultConstraint(_)
        | ast::Constraint::GeneratedConstraint(_)
        | ast::Constraint::NullConstraint(_) => {
            return Err(reader.missing(constraint, "a constraint of a table"));
        }
    };
    let options = read_options(reader, constraint.constraint_options(), home.keeping)?;
    Ok(Constraint {
        name: given.map_or(generated, ChosenName::Given),
        kind,
        validity: options.validity,
        enforcement: options.enforcement,
        deferral: options.deferral,
    })
}

fn given_name(
    reader: &mut Reader<'_>,
    constraint: &ast::Constraint,
) -> Result<Option<Ident>, ReadError> {
    let clause = constraint
        .syntax()
        .children()
        .find_map(ast::ConstraintNameClause::cast);
    let Some(clause) = clause else {
        return Ok(None);
    };
    let name = reader.require(clause.constraint_name(), &clause, "a constraint's name")?;
    reader.new_ident(&name).map(Some)
}

type Named = (ConstraintKind, ChosenName);

/// A condition on one column alone is called after the column.
fn read_check(
    reader: &mut Reader<'_>,
    check: &ast::CheckConstraint,
    home: &Home<'_>,
) -> Result<Named, ReadError> {
    let condition = reader.require(check.expr(), check, "a condition")?;
    let condition = reader.expression(&condition)?;
    let table = &home.table.name;
    let name = match condition.columns.as_slice() {
        [column] => for_columns(table, std::slice::from_ref(column), "check"),
        _ => for_table(table, "check"),
    };
    Ok((ConstraintKind::Check(condition), name))
}

fn read_not_null(
    reader: &mut Reader<'_>,
    clause: &ast::NotNullConstraint,
    home: &Home<'_>,
    beside: Beside<'_>,
) -> Result<Named, ReadError> {
    let column = match beside {
        Beside::Column(column) => column.clone(),
        Beside::Nothing => reader.require_ident(clause.column_name_ref(), clause, "a column")?,
    };
    let name = for_columns(&home.table.name, std::slice::from_ref(&column), "not_null");
    Ok((ConstraintKind::NotNull(column), name))
}

/// The columns of a key; with `USING INDEX` the constraint is called like the index.
fn read_key(
    reader: &mut Reader<'_>,
    (using_index, parameters): (Option<ast::UsingIndexName>, Option<ast::IndexParameters>),
    home: &Home<'_>,
    beside: Beside<'_>,
    inside: &impl AstNode,
) -> Result<(KeyColumns, Option<ChosenName>), ReadError> {
    if let Some(using) = using_index {
        let index = reader.require_ident(using.index_ref(), &using, "an index")?;
        let name = ChosenName::Generated(index.clone());
        return Ok((KeyColumns::UsingIndex(index), Some(name)));
    }
    let list = parameters
        .as_ref()
        .and_then(ast::IndexParameters::column_list);
    let columns = match (list, beside) {
        (Some(list), _) => {
            if let Some(overlaps) = list.without_overlaps() {
                return Err(reader.not_modelled(&overlaps, "WITHOUT OVERLAPS"));
            }
            columns(reader, list.column_name_refs(), &list)?
        }
        (None, Beside::Column(column)) => vec![column.clone()],
        (None, Beside::Nothing) => return Err(reader.missing(inside, "columns")),
    };
    let mut include = Vec::new();
    if let Some(parameters) = &parameters {
        include = read_index_parameters(reader, parameters, home.keeping)?;
    }
    Ok((KeyColumns::Build { columns, include }, None))
}

/// INCLUDE; refuses what the model cannot keep.
fn read_index_parameters(
    reader: &mut Reader<'_>,
    parameters: &ast::IndexParameters,
    keeping: Keeping,
) -> Result<Vec<Ident>, ReadError> {
    if let Some(option @ ast::NullsDistinctOption::NullsNotDistinct(_)) =
        parameters.nulls_distinct_option()
    {
        lose(
            reader,
            &option,
            "NULLS NOT DISTINCT in a constraint",
            keeping,
        )?;
    }
    if let Some(storage) = parameters.with_params() {
        lose(reader, &storage, "storage options in a constraint", keeping)?;
    }
    if let Some(tablespace) = parameters.constraint_index_tablespace() {
        lose(reader, &tablespace, "a tablespace in a constraint", keeping)?;
    }
    included(reader, parameters.constraint_include_clause())
}

fn included(
    reader: &mut Reader<'_>,
    clause: Option<ast::ConstraintIncludeClause>,
) -> Result<Vec<Ident>, ReadError> {
    let Some(clause) = clause else {
        return Ok(Vec::new());
    };
    let list = reader.require(clause.column_ref_list(), &clause, "columns")?;
    columns(reader, list.column_name_refs(), &list)
}

/// An error where a clause without a place in the model must be kept.
fn lose(
    reader: &Reader<'_>,
    clause: &impl AstNode,
    what: &str,
    keeping: Keeping,
) -> Result<(), ReadError> {
    match keeping {
        Keeping::Essence => Ok(()),
        Keeping::Everything => Err(reader.not_modelled(clause, what)),
    }
}

fn key_columns_name(home: &Home<'_>, key: &KeyColumns) -> ChosenName {
    match key {
        KeyColumns::Build { columns, include } => {
            let all = [columns.as_slice(), include.as_slice()].concat();
            for_columns(&home.table.name, &all, "key")
        }
        KeyColumns::UsingIndex(index) => ChosenName::Generated(index.clone()),
    }
}

fn named_foreign_key(key: ForeignKey, home: &Home<'_>) -> Named {
    let name = for_parts(
        &home.table.name,
        key.columns.iter().map(Ident::as_str),
        "fkey",
    );
    (ConstraintKind::ForeignKey(key), name)
}

fn read_foreign_key(
    reader: &mut Reader<'_>,
    foreign: &ast::ForeignKeyConstraint,
    home: &Home<'_>,
) -> Result<ForeignKey, ReadError> {
    let from = reader.require(foreign.from_columns(), foreign, "columns")?;
    let references = reader.require_qualified(foreign.table_name_ref(), foreign, "a table")?;
    let columns = foreign_key_columns(reader, &from)?;
    let referenced_columns = match foreign.to_columns() {
        Some(list) => foreign_key_columns(reader, &list)?,
        None => Vec::new(),
    };
    let key = ForeignKey {
        columns,
        references,
        referenced_columns,
        on_delete: ReferentialAction::NoAction,
        on_update: ReferentialAction::NoAction,
    };
    let matching = foreign.match_type();
    with_actions(reader, key, matching, foreign.referential_actions(), home)
}

fn read_references(
    reader: &mut Reader<'_>,
    clause: &ast::ReferencesConstraint,
    home: &Home<'_>,
    beside: Beside<'_>,
) -> Result<ForeignKey, ReadError> {
    let column = match beside {
        Beside::Column(column) => column.clone(),
        Beside::Nothing => return Err(reader.missing(clause, "FOREIGN KEY (columns)")),
    };
    let references = reader.require_qualified(clause.table(), clause, "a table")?;
    let referenced_columns = match clause.column() {
        Some(key) => vec![reader.ident(&key)?],
        None => Vec::new(),
    };
    let key = ForeignKey {
        columns: vec![column],
        references,
        referenced_columns,
        on_delete: ReferentialAction::NoAction,
        on_update: ReferentialAction::NoAction,
    };
    let matching = clause.match_type();
    with_actions(reader, key, matching, clause.referential_actions(), home)
}

fn foreign_key_columns(
    reader: &mut Reader<'_>,
    list: &ast::ForeignKeyColumnList,
) -> Result<Vec<Ident>, ReadError> {
    if let Some(period) = list.period_column() {
        return Err(reader.not_modelled(&period, "PERIOD"));
    }
    columns(reader, list.column_name_refs(), list)
}

fn with_actions(
    reader: &mut Reader<'_>,
    mut key: ForeignKey,
    matching: Option<ast::MatchType>,
    actions: impl Iterator<Item = ast::ReferentialAction>,
    home: &Home<'_>,
) -> Result<ForeignKey, ReadError> {
    match matching {
        Some(kind @ ast::MatchType::MatchFull(_)) => {
            lose(reader, &kind, "MATCH FULL", home.keeping)?;
        }
        Some(kind @ ast::MatchType::MatchPartial(_)) => {
            return Err(reader.not_modelled(&kind, "MATCH PARTIAL"));
        }
        Some(ast::MatchType::MatchSimple(_)) | None => {}
    }
    for action in actions {
        match action {
            ast::ReferentialAction::OnDeleteAction(clause) => {
                let action = reader.require(clause.ref_action(), &clause, "an action")?;
                key.on_delete = referential_action(reader, &action, home.keeping)?;
            }
            ast::ReferentialAction::OnUpdateAction(clause) => {
                let action = reader.require(clause.ref_action(), &clause, "an action")?;
                key.on_update = referential_action(reader, &action, home.keeping)?;
            }
        }
    }
    Ok(key)
}

fn referential_action(
    reader: &Reader<'_>,
    action: &ast::RefAction,
    keeping: Keeping,
) -> Result<ReferentialAction, ReadError> {
    let (action, columns) = match action {
        ast::RefAction::NoAction(_) => (ReferentialAction::NoAction, None),
        ast::RefAction::Restrict(_) => (ReferentialAction::Restrict, None),
        ast::RefAction::Cascade(_) => (ReferentialAction::Cascade, None),
        ast::RefAction::SetNullColumns(set) => (ReferentialAction::SetNull, set.column_ref_list()),
        ast::RefAction::SetDefaultColumns(set) => {
            (ReferentialAction::SetDefault, set.column_ref_list())
        }
    };
    if let Some(columns) = columns {
        lose(
            reader,
            &columns,
            "an action on some columns of a foreign key",
            keeping,
        )?;
    }
    Ok(action)
}

/// The operator stands beside the key, so it is kept in the text of expressions only.
fn read_exclude(
    reader: &mut Reader<'_>,
    exclude: &ast::ExcludeConstraint,
    home: &Home<'_>,
) -> Result<Named, ReadError> {
    let method = match exclude.constraint_index_method() {
        Some(clause) => reader.require_ident(clause.access_method_ref(), &clause, "a method")?,
        None => Ident::from("btree"),
    };
    let list = reader.require(exclude.constraint_exclusion_list(), exclude, "keys")?;
    let mut keys = Vec::new();
    let mut names = Vec::new();
    for exclusion in list.constraint_exclusions() {
        if exclusion.op().is_none() && exclusion.operator_call().is_none() {
            return Err(reader.missing(&exclusion, "WITH and an operator"));
        }
        let written = reader.require(exclusion.expr(), &exclusion, "a key")?;
        let mut key = key(reader, &written)?;
        names.push(key_name(&key.part, &written));
        if let IndexKeyPart::Expression(expression) = &mut key.part {
            expression.text = reader.verbatim(&exclusion);
        }
        keys.push(key);
    }
    let keys = non_empty(reader, keys, &list, "keys")?;
    let predicate = match exclude.where_condition_clause() {
        Some(clause) => {
            let condition = reader.require(clause.expr(), &clause, "a condition")?;
            Some(reader.expression(&condition)?)
        }
        None => None,
    };
    let included = included(reader, exclude.constraint_include_clause())?;
    names.extend(included.iter().map(|column| column.as_str().to_owned()));
    let names = distinct(names.iter().map(String::as_str));
    let name = for_parts(&home.table.name, names.iter().map(String::as_str), "excl");
    let kind = ConstraintKind::Exclude {
        method,
        keys,
        predicate,
    };
    Ok((kind, name))
}

/// What stands after a constraint.
pub(super) struct ConstraintOptions {
    /// NOT VALID.
    pub(super) validity: Validity,
    /// NOT ENFORCED.
    pub(super) enforcement: Enforcement,
    /// DEFERRABLE and the like.
    pub(super) deferral: Deferral,
}

/// Reads what stands after a constraint.
///
/// # Errors
/// NO INHERIT where it must be kept.
pub(super) fn read_options(
    reader: &mut Reader<'_>,
    written: impl Iterator<Item = ast::ConstraintOption>,
    keeping: Keeping,
) -> Result<ConstraintOptions, ReadError> {
    let mut options = ConstraintOptions {
        validity: Validity::Valid,
        enforcement: Enforcement::Enforced,
        deferral: Deferral::NotDeferrable,
    };
    for option in written {
        match &option {
            ast::ConstraintOption::DeferrableConstraintOption(_) => {
                if options.deferral == Deferral::NotDeferrable {
                    options.deferral = Deferral::InitiallyImmediate;
                }
            }
            // It implies DEFERRABLE; INITIALLY IMMEDIATE does not.
            ast::ConstraintOption::InitiallyDeferredConstraintOption(_) => {
                options.deferral = Deferral::InitiallyDeferred;
            }
            ast::ConstraintOption::NotDeferrableConstraintOption(_)
            | ast::ConstraintOption::InitiallyImmediateConstraintOption(_)
            | ast::ConstraintOption::Inherit(_) => {}
            ast::ConstraintOption::NotValid(_) => options.validity = Validity::NotValid,
            ast::ConstraintOption::NoInherit(clause) => {
                lose(reader, clause, "NO INHERIT in a constraint", keeping)?;
            }
            ast::ConstraintOption::Enforced(_) => {
                reader.since(&option, "ENFORCED", 18);
            }
            ast::ConstraintOption::NotEnforced(_) => {
                options.enforcement = Enforcement::NotEnforced;
            }
        }
    }
    Ok(options)
}

/// A constraint of a table in a line of its own.
///
/// # Errors
/// As [`read_constraint`].
pub(super) fn table_constraint(
    reader: &mut Reader<'_>,
    constraint: &ast::Constraint,
    table: &QualifiedName,
    keeping: Keeping,
) -> Result<Constraint, ReadError> {
    read_constraint(
        reader,
        constraint,
        &Home { table, keeping },
        Beside::Nothing,
    )
}
