//! CREATE, ALTER and DROP DOMAIN.

use segue_model::{
    Change, ChosenName, Constraint, ConstraintKind, DomainChange, Ident, QualifiedName,
};
use squawk_syntax::ast;

use super::{
    Answer,
    clause::{made, new_name, new_namespace, non_empty, owner, presence, reaction},
    column::Home,
    constraint::{Beside, Keeping, read_constraint},
    generated_name::for_table,
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    Ok(Some(match statement {
        ast::Stmt::CreateDomain(create) => vec![create_domain(reader, create)?],
        ast::Stmt::AlterDomain(alter) => vec![alter_domain(reader, alter)?],
        ast::Stmt::DropDomain(drop) => {
            let change = DomainChange::Drop {
                presence: presence(drop.if_exists().as_ref()),
                reaction: reaction(drop.drop_behavior().as_ref()),
            };
            let mut changes = Vec::new();
            for name in drop.domain_refs() {
                changes.push(Change::Domain(reader.qualified(&name)?, change.clone()));
            }
            non_empty(reader, changes, drop, "a domain")?
        }
        _ => return Ok(None),
    }))
}

fn create_domain(
    reader: &mut Reader<'_>,
    statement: &ast::CreateDomain,
) -> Result<Change, ReadError> {
    let name = made(reader, statement.domain(), statement)?;
    let base = reader.require(statement.ty(), statement, "a type")?;
    let base = reader.data_type(&base)?;
    let mut default = None;
    let mut constraints = Vec::new();
    for qualifier in statement.domain_qualifiers() {
        match qualifier {
            // A domain's collation changes nothing that is asked here.
            ast::DomainQualifier::Collate(_)
            | ast::DomainQualifier::Constraint(ast::Constraint::NullConstraint(_)) => {}
            ast::DomainQualifier::Constraint(ast::Constraint::DefaultConstraint(clause)) => {
                default = Some(reader.require_expression(clause.expr(), &clause, "a default")?);
            }
            ast::DomainQualifier::Constraint(constraint) => {
                let keeping = Keeping::Essence;
                constraints.push(domain_constraint(reader, &constraint, &name, keeping)?);
            }
        }
    }
    let change = DomainChange::Create {
        base,
        default,
        constraints,
    };
    Ok(Change::Domain(name, change))
}

/// CHECK or NOT NULL, named after the domain alone; the column of its conditions is VALUE.
fn domain_constraint(
    reader: &mut Reader<'_>,
    written: &ast::Constraint,
    domain: &QualifiedName,
    keeping: Keeping,
) -> Result<Constraint, ReadError> {
    let home = Home {
        table: domain,
        keeping,
    };
    let value = Ident::from("value");
    let mut constraint = read_constraint(reader, written, &home, Beside::Column(&value))?;
    let label = match &constraint.kind {
        ConstraintKind::Check(_) => "check",
        ConstraintKind::NotNull(_) => "not_null",
        ConstraintKind::Unique(_)
        | ConstraintKind::PrimaryKey(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::Exclude { .. } => {
            return Err(reader.missing(written, "CHECK or NOT NULL"));
        }
    };
    if let ChosenName::Generated(_) = &constraint.name {
        constraint.name = for_table(&domain.name, label);
    }
    Ok(constraint)
}

fn alter_domain(
    reader: &mut Reader<'_>,
    statement: &ast::AlterDomain,
) -> Result<Change, ReadError> {
    let name = reader.require_qualified(statement.domain_ref(), statement, "a domain")?;
    let change = match reader.require(statement.action(), statement, "an action")? {
        ast::AlterDomainAction::AddConstraint(add) => {
            let written = reader.require(add.constraint(), &add, "a constraint")?;
            let keeping = Keeping::Everything;
            DomainChange::AddConstraint(domain_constraint(reader, &written, &name, keeping)?)
        }
        ast::AlterDomainAction::DropConstraint(drop) => DomainChange::DropConstraint {
            name: reader.require_ident(drop.constraint_name_ref(), &drop, "a constraint")?,
            presence: presence(drop.if_exists().as_ref()),
            reaction: reaction(drop.drop_behavior().as_ref()),
        },
        ast::AlterDomainAction::RenameConstraint(rename) => DomainChange::RenameConstraint {
            from: reader.require_ident(rename.constraint_name_ref(), &rename, "a constraint")?,
            to: new_name(reader, rename.constraint_name(), &rename)?,
        },
        ast::AlterDomainAction::ValidateConstraint(validate) => DomainChange::ValidateConstraint(
            reader.require_ident(validate.constraint_name_ref(), &validate, "a constraint")?,
        ),
        ast::AlterDomainAction::SetDefault(set) => {
            DomainChange::SetDefault(reader.require_expression(set.expr(), &set, "a default")?)
        }
        ast::AlterDomainAction::DropDefault(_) => DomainChange::DropDefault,
        ast::AlterDomainAction::SetNotNull(_) => DomainChange::SetNotNull,
        ast::AlterDomainAction::DropNotNull(_) => DomainChange::DropNotNull,
        ast::AlterDomainAction::DomainRenameTo(rename) => {
            DomainChange::Rename(new_name(reader, rename.domain(), &rename)?)
        }
        ast::AlterDomainAction::SetSchema(set) => {
            DomainChange::SetNamespace(new_namespace(reader, &set)?)
        }
        ast::AlterDomainAction::OwnerTo(clause) => DomainChange::SetOwner(owner(reader, &clause)?),
    };
    Ok(Change::Domain(name, change))
}
