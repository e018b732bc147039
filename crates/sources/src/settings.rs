//! Configuration files of tools as flat names: `flyway.postgresql.transactional.lock` → `false`.
//!
//! A file that cannot be read says nothing; it is never a reason to stop.

use std::collections::BTreeMap;

use serde_json::Value;

/// Settings by name, in lower case and without `-`, so that both spellings of Spring meet.
pub(crate) type Settings = BTreeMap<String, String>;

/// Java properties: `name=value` or `name: value`, `#` and `!` for comments.
pub(crate) fn properties(text: &str) -> Settings {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with(['#', '!']))
        .filter_map(|line| line.split_once(['=', ':']))
        .map(|(name, value)| (normal(name.trim()), value.trim().to_owned()))
        .collect()
}

/// TOML.
pub(crate) fn toml(text: &str) -> Settings {
    let value: Option<Value> = toml::from_str(text).ok();
    flat(value)
}

/// YAML.
pub(crate) fn yaml(text: &str) -> Settings {
    flat(yaml_value(text))
}

/// A YAML document as plain values; aliases that explode are refused by the reader's budget.
pub(crate) fn yaml_value(text: &str) -> Option<Value> {
    serde_saphyr::from_str(text).ok()
}

fn normal(name: &str) -> String {
    name.replace('-', "").to_ascii_lowercase()
}

fn flat(value: Option<Value>) -> Settings {
    let mut settings = Settings::new();
    let mut waiting: Vec<(String, Value)> = value.map(|v| (String::new(), v)).into_iter().collect();
    while let Some((name, value)) = waiting.pop() {
        let set = match value {
            Value::Object(fields) => {
                for (field, value) in fields {
                    let joined = if name.is_empty() {
                        normal(&field)
                    } else {
                        [name.as_str(), ".", &normal(&field)].concat()
                    };
                    waiting.push((joined, value));
                }
                continue;
            }
            Value::Array(items) => items
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(","),
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Null => continue,
        };
        settings.insert(name, set);
    }
    settings
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_three_spellings_of_one_setting_meet() {
        let name = "flyway.postgresql.transactional.lock";
        let properties = super::properties("flyway.postgresql.transactional.lock=false");
        let toml = super::toml("[flyway.postgresql.transactional]\nlock = false");
        let yaml = super::yaml("flyway:\n  postgresql:\n    transactional:\n      lock: false\n");
        for settings in [properties, toml, yaml] {
            assert_eq!(settings.get(name).map(String::as_str), Some("false"));
        }
    }
}
