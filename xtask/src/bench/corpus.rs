//! The files the bench runs on: a made-up project's history, the same on every machine.
//!
//! The history is consistent (what a file changes was created before), so that a replay works.
//! The text is read by linters only and never sent to a server.

use super::fresh;
use anyhow::Result;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

const SEED: u64 = 0x5e90_e000_0000_0001;
const FILES_PER_DAY: usize = 20;

const NOUNS: &[&str] = &[
    "account", "address", "article", "basket", "booking", "comment", "contract", "customer",
    "device", "document", "event", "invoice", "message", "order", "payment", "product", "project",
    "session", "shipment", "ticket",
];
const FIELDS: &[(&str, &str)] = &[
    ("name", "text"),
    ("status", "text NOT NULL DEFAULT 'new'"),
    ("amount", "numeric(12,2)"),
    ("quantity", "integer NOT NULL DEFAULT 0"),
    ("created_at", "timestamptz NOT NULL DEFAULT now()"),
    ("updated_at", "timestamptz"),
    ("settings", "jsonb NOT NULL DEFAULT '{}'"),
    ("reference", "uuid"),
    ("note", "varchar(255)"),
    ("is_active", "boolean NOT NULL DEFAULT true"),
    ("position", "bigint"),
    ("valid_until", "date"),
];

/// Tables and columns as they are after the files so far.
struct History {
    random: Random,
    tables: Vec<Table>,
}

struct Table {
    name: String,
    columns: Vec<String>,
    made: usize,
}

/// A folder with `files` migrations, written afresh.
pub(super) fn folder(place: &Path, files: usize) -> Result<PathBuf> {
    let folder = place.join(files.to_string()).join("migrations");
    fresh(&folder)?;
    let mut history = History {
        random: Random(SEED),
        tables: Vec::new(),
    };
    for index in 0..files {
        let (what, text) = history.migration(index);
        std::fs::write(folder.join(file_name(index, what)), text)?;
    }
    Ok(folder)
}

/// The names of the files in a folder, in order.
pub(super) fn list(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// The size of all files of a folder together.
pub(super) fn bytes(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        sum += entry?.metadata()?.len();
    }
    Ok(sum)
}

/// A dump as `pg_dump` writes it: a table and its rows as COPY data.
pub(super) fn copy_dump(place: &Path, size: u64) -> Result<PathBuf> {
    let head = "CREATE TABLE public.event (\n    id bigint NOT NULL,\n    name text,\n    \
                created_at timestamp with time zone\n);\n\n\
                COPY public.event (id, name, created_at) FROM stdin;\n";
    let tail = "\\.\n\nALTER TABLE ONLY public.event\n    \
                ADD CONSTRAINT event_pkey PRIMARY KEY (id);\n";
    let row = "\tan event's name; with \"quotes\" and $$dollars$$\t2024-01-01 00:00:00+00\n";
    dump(&place.join("copy"), size, [head, "", row, tail])
}

/// The same rows as one INSERT each.
pub(super) fn insert_dump(place: &Path, size: u64) -> Result<PathBuf> {
    let head = "CREATE TABLE public.event (\n    id bigint NOT NULL,\n    name text,\n    \
                created_at timestamp with time zone\n);\n\n";
    let start = "INSERT INTO public.event (id, name, created_at) VALUES (";
    let end = ", 'an event''s name; with \"quotes\"', '2024-01-01 00:00:00+00');\n";
    dump(&place.join("insert"), size, [head, start, end, ""])
}

/// `parts`: what comes first, the start and end of each row (its number between), what is last.
fn dump(folder: &Path, size: u64, parts: [&str; 4]) -> Result<PathBuf> {
    let [head, start, end, tail] = parts;
    fresh(folder)?;
    let file = File::create(folder.join("20240101000000_load.sql"))?;
    let mut file = BufWriter::new(file);
    file.write_all(head.as_bytes())?;
    let mut written = 0;
    let mut number: u64 = 0;
    while written < size {
        let row = [start, &number.to_string(), end].concat();
        file.write_all(row.as_bytes())?;
        written += u64::try_from(row.len())?;
        number += 1;
    }
    file.write_all(tail.as_bytes())?;
    file.flush()?;
    Ok(folder.to_path_buf())
}

fn file_name(index: usize, what: &str) -> String {
    let day = index / FILES_PER_DAY;
    let (year, month, day) = (2015 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
    let hour = index % FILES_PER_DAY;
    format!("{year:04}{month:02}{day:02}{hour:02}0000_{what}.sql")
}

impl History {
    /// One file: a few words about it, what it does, and the way back.
    fn migration(&mut self, index: usize) -> (&'static str, String) {
        let mut up = String::new();
        let mut down = String::new();
        let is_new = self.tables.len() < 3 || self.random.below(8) == 0;
        let what = if is_new {
            self.create_table(index, &mut up, &mut down);
            "create_table"
        } else {
            for _ in 0..3 + self.random.below(5) {
                self.change(index, &mut up, &mut down);
            }
            "change_tables"
        };
        let about = "-- The application asks for this since the last release. Reviewed by the\n\
                     -- team that owns the tables; see the ticket for the reasons.\n";
        let text = ["-- migrate:up\n", about, &up, "\n-- migrate:down\n", &down].concat();
        (what, text)
    }

    fn create_table(&mut self, index: usize, up: &mut String, down: &mut String) {
        let noun = self.random.one_of(NOUNS);
        let name = [noun, "_", &index.to_string()].concat();
        let mut columns = Vec::new();
        let mut body = "    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY".to_owned();
        for (field, kind) in FIELDS {
            if self.random.below(4) > 0 {
                body.push_str(",\n    ");
                body.push_str(field);
                body.push(' ');
                body.push_str(kind);
                columns.push((*field).to_owned());
            }
        }
        if let Some(parent) = self.random.pick(&self.tables) {
            body.push_str(&fill(
                ",\n    parent_id bigint REFERENCES public.@table (id)",
                &[("@table", &parent.name)],
            ));
        }
        let values = [("@table", name.as_str()), ("@body", body.as_str())];
        up.push_str(&fill(
            "CREATE TABLE public.@table (\n@body\n);\n\
             COMMENT ON TABLE public.@table IS 'Every @table of the shop, one row each';\n",
            &values,
        ));
        for column in &columns {
            up.push_str(&fill(
                "COMMENT ON COLUMN public.@table.@column IS 'The @column as the user sees it';\n",
                &[("@table", &name), ("@column", column)],
            ));
        }
        down.push_str(&fill("DROP TABLE public.@table;\n", &values));
        self.tables.push(Table {
            name,
            columns,
            made: 0,
        });
    }

    fn change(&mut self, index: usize, up: &mut String, down: &mut String) {
        let count = self.tables.len();
        let other = self
            .random
            .pick(&self.tables)
            .map(|table| table.name.clone());
        let at = self.random.below(count);
        let kind = self.random.below(CHANGES.len());
        let field = self.random.below(FIELDS.len());
        let (Some(table), Some((forward, back))) = (self.tables.get_mut(at), CHANGES.get(kind))
        else {
            return;
        };
        table.made += 1;
        let number = [index.to_string(), "_".to_owned(), table.made.to_string()].concat();
        let (field, kind) = FIELDS.get(field).copied().unwrap_or(("note", "text"));
        let fresh_column = [field, "_", &number].concat();
        let old = table.columns.get(table.made % table.columns.len().max(1));
        let old = old.cloned().unwrap_or_else(|| "id".to_owned());
        let values = [
            ("@table", table.name.as_str()),
            ("@other", other.as_deref().unwrap_or(&table.name)),
            ("@column", &fresh_column),
            ("@type", kind),
            ("@old", &old),
            ("@number", &number),
        ];
        up.push_str(&fill(forward, &values));
        down.push_str(&fill(back, &values));
        if forward.contains("ADD COLUMN @column @type") {
            table.columns.push(fresh_column);
        }
    }
}

/// What a file does to tables that are there, and how it is taken back.
const CHANGES: &[(&str, &str)] = &[
    (
        "\n-- Shown in the list view.\nALTER TABLE public.@table ADD COLUMN @column @type;\n",
        "ALTER TABLE public.@table DROP COLUMN @column;\n",
    ),
    (
        "\nALTER TABLE public.@table ADD COLUMN @column @type;\n\
         COMMENT ON COLUMN public.@table.@column IS 'Set by the import; empty for old rows';\n",
        "ALTER TABLE public.@table DROP COLUMN @column;\n",
    ),
    (
        "\n-- The search was slow.\nCREATE INDEX @table_i@number ON public.@table (@old);\n",
        "DROP INDEX public.@table_i@number;\n",
    ),
    (
        "\nALTER TABLE public.@table ADD COLUMN other_@number bigint;\n\
         ALTER TABLE public.@table\n    ADD CONSTRAINT @table_f@number FOREIGN KEY (other_@number) \
         REFERENCES public.@other (id) NOT VALID;\n\
         ALTER TABLE public.@table VALIDATE CONSTRAINT @table_f@number;\n",
        "ALTER TABLE public.@table DROP COLUMN other_@number;\n",
    ),
    (
        "\nALTER TABLE public.@table\n    ADD CONSTRAINT @table_c@number CHECK (@old IS NOT NULL) \
         NOT VALID;\n",
        "ALTER TABLE public.@table DROP CONSTRAINT @table_c@number;\n",
    ),
    (
        "\n-- Old rows get a value.\nUPDATE public.@table\n   SET @old = @old\n \
         WHERE id > 1000\n   AND @old IS NULL;\n",
        "-- Nothing to take back.\n",
    ),
    (
        "\nCREATE VIEW public.v_@number AS\n    SELECT t.id, t.@old\n      FROM public.@table t\n     \
         WHERE t.@old IS NOT NULL;\n",
        "DROP VIEW public.v_@number;\n",
    ),
    (
        "\nINSERT INTO public.@table (@old)\n    SELECT @old FROM public.@table WHERE id = 1;\n",
        "-- Nothing to take back.\n",
    ),
];

/// Replaces `@name` in a template; longer names do not begin with shorter ones.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = template.to_owned();
    for (name, value) in values {
        text = text.replace(name, value);
    }
    text
}

/// `SplitMix64`: small, seeded, the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`; 0 when there is none.
    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % limit).unwrap_or(0)
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words
            .get(self.below(words.len()))
            .copied()
            .unwrap_or("item")
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, folder, list};

    #[test]
    fn the_corpus_is_the_same_every_time_and_of_a_realistic_size() {
        let (one, two) = (tempfile::tempdir(), tempfile::tempdir());
        let (one, two) = (one.expect("a directory"), two.expect("a directory"));
        let first = folder(one.path(), 200).expect("written");
        let second = folder(two.path(), 200).expect("written");
        let names = list(&first).expect("listed");
        assert_eq!(names.len(), 200);
        for name in &names {
            let text = std::fs::read(first.join(name)).expect("read");
            assert_eq!(text, std::fs::read(second.join(name)).expect("read"));
        }
        let average = bytes(&first).expect("sizes") / 200;
        assert!((1000..3000).contains(&average), "{average} bytes a file");
    }
}
