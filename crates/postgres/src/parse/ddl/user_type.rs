//! CREATE, ALTER and DROP TYPE: enums, composite types, ranges, base types.

use segue_model::{Change, Column, DataType, EnumPosition, TypeChange, TypeDefinition};
use squawk_syntax::ast;

use super::{
    Answer,
    clause::{made, new_name, new_namespace, non_empty, owner, presence, reaction, string},
    column::attribute,
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    Ok(Some(match statement {
        ast::Stmt::CreateType(create) => vec![create_type(reader, create)?],
        ast::Stmt::AlterType(alter) => alter_type(reader, alter)?,
        ast::Stmt::DropType(drop) => {
            let change = TypeChange::Drop {
                presence: presence(drop.if_exists().as_ref()),
                reaction: reaction(drop.drop_behavior().as_ref()),
            };
            let mut changes = Vec::new();
            for name in drop.type_name_refs() {
                changes.push(Change::Type(reader.qualified(&name)?, change.clone()));
            }
            non_empty(reader, changes, drop, "a type")?
        }
        _ => return Ok(None),
    }))
}

fn create_type(reader: &mut Reader<'_>, statement: &ast::CreateType) -> Result<Change, ReadError> {
    let name = made(reader, statement.type_name(), statement)?;
    let definition = match statement.kind() {
        None | Some(ast::CreateTypeKind::BaseType(_)) => TypeDefinition::Base,
        Some(ast::CreateTypeKind::EnumType(kind)) => {
            let list = reader.require(kind.variant_list(), &kind, "labels")?;
            let labels = list
                .variants()
                .map(|variant| string(reader, variant.literal(), &variant))
                .collect::<Result<Vec<_>, _>>()?;
            TypeDefinition::Enum(labels)
        }
        Some(ast::CreateTypeKind::CompositeType(kind)) => {
            let list = reader.require(kind.composite_field_list(), &kind, "attributes")?;
            let attributes = list
                .composite_field_defs()
                .map(|field| composite_field(reader, &field))
                .collect::<Result<Vec<_>, _>>()?;
            TypeDefinition::Composite(attributes)
        }
        Some(ast::CreateTypeKind::RangeType(kind)) => {
            TypeDefinition::Range(subtype(reader, &kind)?)
        }
    };
    Ok(Change::Type(name, TypeChange::Create(definition)))
}

fn composite_field(
    reader: &mut Reader<'_>,
    field: &ast::CompositeFieldDef,
) -> Result<Column, ReadError> {
    let name = new_name(reader, field.name(), field)?;
    let data_type = reader.require(field.ty(), field, "a type")?;
    attribute(reader, name, &data_type, field.collate())
}

fn subtype(reader: &mut Reader<'_>, range: &ast::RangeType) -> Result<DataType, ReadError> {
    let list = reader.require(range.attribute_list(), range, "options")?;
    for option in list.attribute_options() {
        let name = reader.require(option.name(), &option, "an option")?;
        if reader.verbatim(&name).eq_ignore_ascii_case("subtype") {
            let value = reader.require(option.attribute_value(), &option, "a type")?;
            let data_type = reader.require(value.ty(), &value, "a type")?;
            return reader.data_type(&data_type);
        }
    }
    Err(reader.missing(&list, "SUBTYPE"))
}

fn alter_type(
    reader: &mut Reader<'_>,
    statement: &ast::AlterType,
) -> Result<Vec<Change>, ReadError> {
    let name = reader.require_qualified(statement.type_name_ref(), statement, "a type")?;
    let change = match reader.require(statement.action(), statement, "an action")? {
        ast::AlterTypeAction::AlterTypeAttributeActionList(list) => {
            let changes = list
                .actions()
                .map(|action| attribute_action(reader, &action))
                .collect::<Result<Vec<_>, _>>()?;
            let changes = non_empty(reader, changes, &list, "an action")?.into_iter();
            return Ok(changes
                .map(|change| Change::Type(name.clone(), change))
                .collect());
        }
        ast::AlterTypeAction::AddValue(add) => TypeChange::AddValue {
            label: string(reader, add.literal(), &add)?,
            position: match add.value_position() {
                None => EnumPosition::End,
                Some(ast::ValuePosition::BeforeValue(before)) => {
                    EnumPosition::Before(string(reader, before.literal(), &before)?)
                }
                Some(ast::ValuePosition::AfterValue(after)) => {
                    EnumPosition::After(string(reader, after.literal(), &after)?)
                }
            },
            presence: presence(add.if_not_exists().as_ref()),
        },
        ast::AlterTypeAction::RenameValue(rename) => TypeChange::RenameValue {
            from: string(reader, rename.from(), &rename)?,
            to: string(reader, rename.to(), &rename)?,
        },
        ast::AlterTypeAction::RenameAttribute(rename) => TypeChange::RenameAttribute {
            from: reader.require_ident(rename.composite_field_ref(), &rename, "an attribute")?,
            to: new_name(reader, rename.composite_field(), &rename)?,
            reaction: reaction(rename.drop_behavior().as_ref()),
        },
        ast::AlterTypeAction::TypeRenameTo(rename) => {
            TypeChange::Rename(new_name(reader, rename.type_name(), &rename)?)
        }
        ast::AlterTypeAction::SetSchema(set) => {
            TypeChange::SetNamespace(new_namespace(reader, &set)?)
        }
        ast::AlterTypeAction::OwnerTo(clause) => TypeChange::SetOwner(owner(reader, &clause)?),
        ast::AlterTypeAction::SetOptions(set) => {
            return Err(reader.not_modelled(&set, "ALTER TYPE … SET"));
        }
    };
    Ok(vec![Change::Type(name, change)])
}

fn attribute_action(
    reader: &mut Reader<'_>,
    action: &ast::AlterTypeAttributeAction,
) -> Result<TypeChange, ReadError> {
    Ok(match action {
        ast::AlterTypeAttributeAction::AddAttribute(add) => {
            let name = new_name(reader, add.composite_field(), add)?;
            let data_type = reader.require(add.ty(), add, "a type")?;
            TypeChange::AddAttribute {
                attribute: attribute(reader, name, &data_type, add.collate())?,
                reaction: reaction(add.drop_behavior().as_ref()),
            }
        }
        ast::AlterTypeAttributeAction::DropAttribute(drop) => TypeChange::DropAttribute {
            name: reader.require_ident(drop.composite_field_ref(), drop, "an attribute")?,
            presence: presence(drop.if_exists().as_ref()),
            reaction: reaction(drop.drop_behavior().as_ref()),
        },
        ast::AlterTypeAttributeAction::AlterAttribute(alter) => {
            let name = reader.require_ident(alter.composite_field_ref(), alter, "an attribute")?;
            let data_type = reader.require(alter.ty(), alter, "a type")?;
            TypeChange::AlterAttribute {
                name,
                data_type: reader.data_type(&data_type)?,
                reaction: reaction(alter.drop_behavior().as_ref()),
            }
        }
    })
}
