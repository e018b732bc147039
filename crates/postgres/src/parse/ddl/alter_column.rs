//! The forms of ALTER TABLE … ALTER COLUMN.

use segue_model::{ColumnChange, Ident};
use squawk_syntax::ast;

use super::{
    clause::{collation, non_empty, parameters, presence},
    column::identity_mode,
};
use crate::parse::reader::{ReadError, Reader};

/// What an ALTER COLUMN does.
///
/// # Errors
/// A required part is missing, or the form is not modelled.
pub(super) fn alter_column(
    reader: &mut Reader<'_>,
    alter: &ast::AlterColumn,
) -> Result<ColumnChange, ReadError> {
    use ast::AlterColumnOption as Form;
    let name = reader.require_ident(alter.column_name_ref(), alter, "a column")?;
    let option = reader.require(alter.option(), alter, "what is altered")?;
    Ok(match &option {
        Form::SetType(set) => set_type(reader, name, set)?,
        Form::SetDefault(set) => ColumnChange::SetDefault {
            name,
            default: reader.require_expression(set.expr(), set, "a default")?,
        },
        Form::DropDefault(_) => ColumnChange::DropDefault(name),
        Form::SetNotNull(_) => ColumnChange::SetNotNull(name),
        Form::DropNotNull(_) => ColumnChange::DropNotNull(name),
        Form::SetExpression(set) => ColumnChange::SetExpression {
            name,
            expression: reader.require_expression(set.expr(), set, "an expression")?,
        },
        Form::DropExpression(drop) => ColumnChange::DropExpression {
            name,
            presence: presence(drop.if_exists().as_ref()),
        },
        Form::SetOptions(set) => ColumnChange::SetParameters {
            name,
            parameters: parameters(reader, set.attribute_list(), set)?,
        },
        Form::ResetOptions(reset) => ColumnChange::SetParameters {
            name,
            parameters: parameters(reader, reset.attribute_list(), reset)?,
        },
        Form::SetStatistics(_) => ColumnChange::SetStatistics(name),
        Form::SetStorage(set) => {
            reader.require(set.storage_mode(), set, "a way of storing")?;
            ColumnChange::SetStorage(name)
        }
        Form::SetCompression(set) => {
            reader.require(set.compression_method_name(), set, "a compression")?;
            ColumnChange::SetCompression(name)
        }
        Form::AddGenerated(_)
        | Form::DropIdentity(_)
        | Form::SetGenerated(_)
        | Form::SetGeneratedOptions(_)
        | Form::SetSequenceOption(_)
        | Form::Restart(_) => identity(reader, name, &option)?,
        Form::SetOptionsList(_) | Form::Inherit(_) | Form::NoInherit(_) => {
            return Err(reader.not_modelled(&option, "this form of ALTER COLUMN"));
        }
    })
}

fn set_type(
    reader: &mut Reader<'_>,
    name: Ident,
    set: &ast::SetType,
) -> Result<ColumnChange, ReadError> {
    let data_type = reader.require(set.ty(), set, "a type")?;
    let using = match set.using_expr() {
        Some(clause) => Some(reader.require_expression(clause.expr(), &clause, "an expression")?),
        None => None,
    };
    Ok(ColumnChange::SetType {
        name,
        data_type: reader.data_type(&data_type)?,
        collation: collation(reader, set.collate())?,
        using,
    })
}

/// The forms that are about an identity column.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the caller takes the rest"
)]
fn identity(
    reader: &Reader<'_>,
    name: Ident,
    option: &ast::AlterColumnOption,
) -> Result<ColumnChange, ReadError> {
    use ast::AlterColumnOption as Form;
    let mode = match option {
        Form::AddGenerated(add) => {
            let mode = identity_mode(reader, add.generated_when(), add)?;
            return Ok(ColumnChange::AddIdentity { name, mode });
        }
        Form::DropIdentity(drop) => {
            let presence = presence(drop.if_exists().as_ref());
            return Ok(ColumnChange::DropIdentity { name, presence });
        }
        Form::SetGenerated(set) => Some(identity_mode(reader, set.generated_when(), set)?),
        Form::SetGeneratedOptions(list) => {
            let options = list.set_generated_options().collect::<Vec<_>>();
            let options = non_empty(reader, options, list, "options of an identity")?;
            let mut mode = None;
            for option in options {
                if let ast::SetGeneratedOption::SetGenerated(set) = option {
                    mode = Some(identity_mode(reader, set.generated_when(), &set)?);
                }
            }
            mode
        }
        Form::SetSequenceOption(set) => {
            reader.require(set.sequence_option(), set, "an option of the sequence")?;
            None
        }
        Form::Restart(_) => None,
        _ => return Err(reader.not_modelled(option, "this form of ALTER COLUMN")),
    };
    Ok(ColumnChange::SetIdentity { name, mode })
}
