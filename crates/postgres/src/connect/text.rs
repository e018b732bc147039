//! Connection strings: URLs and `name=value` lists.
//!
//! Says at which byte reading stopped, and repeats nothing of the text.
//!
//! Source: `PostgreSQL` manual, 34.1.1.

use super::TargetError;
use super::settings::Settings;

/// Reads a URL, a list of pairs, or the bare name of a database.
pub(super) fn read(text: &str) -> Result<Settings, TargetError> {
    for scheme in ["postgres://", "postgresql://"] {
        if let Some(rest) = text.strip_prefix(scheme) {
            return url(rest, scheme.len());
        }
    }
    if let Some((before, _)) = text.split_once("://")
        && !before.contains(['=', ' '])
    {
        return Err(TargetError::at(
            0,
            "a URL of PostgreSQL begins with postgres:// or postgresql://",
        ));
    }
    if text.contains('=') {
        return pairs(text);
    }
    let mut settings = Settings::default();
    if !text.trim().is_empty() {
        set(&mut settings, "dbname", text.trim().to_owned(), 0)?;
    }
    Ok(settings)
}

fn set(
    settings: &mut Settings,
    keyword: &str,
    value: String,
    byte: usize,
) -> Result<(), TargetError> {
    settings
        .set(keyword, value)
        .map_err(|unfit| TargetError::at(byte, unfit.message()))
}

/// `user:password@host:port,host:port/database?name=value&…`, which begins at byte `start`.
fn url(rest: &str, start: usize) -> Result<Settings, TargetError> {
    let mut settings = Settings::default();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    if let Some(place) = tail.find('@').filter(|place| *place < path.len()) {
        return Err(TargetError::at(
            start + end + place,
            "an @ after the first /; in a password, / is written %2F, ? is %3F and @ is %40",
        ));
    }
    let hosts = match authority.rsplit_once('@') {
        Some((user, hosts)) => {
            credentials(&mut settings, user, start)?;
            hosts
        }
        None => authority,
    };
    self::hosts(&mut settings, hosts, start + authority.len() - hosts.len())?;
    if let Some(database) = path.strip_prefix('/').filter(|name| !name.is_empty()) {
        let byte = start + end + 1;
        set(&mut settings, "dbname", decoded(database, byte)?, byte)?;
    }
    let mut byte = start + end + path.len() + 1;
    for pair in query.split('&').filter(|_| !query.is_empty()) {
        let (keyword, value) = pair.split_once('=').ok_or_else(|| {
            TargetError::at(
                byte,
                "a parameter is written name=value; in a password, ? is written %3F",
            )
        })?;
        let value = decoded(value, byte + keyword.len() + 1)?;
        set(&mut settings, &decoded(keyword, byte)?, value, byte)?;
        byte += pair.len() + 1;
    }
    Ok(settings)
}

fn credentials(settings: &mut Settings, text: &str, start: usize) -> Result<(), TargetError> {
    let (user, password) = match text.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (text, None),
    };
    if !user.is_empty() {
        set(settings, "user", decoded(user, start)?, start)?;
    }
    if let Some(password) = password.filter(|password| !password.is_empty()) {
        let byte = start + user.len() + 1;
        set(settings, "password", decoded(password, byte)?, byte)?;
    }
    Ok(())
}

fn hosts(settings: &mut Settings, text: &str, start: usize) -> Result<(), TargetError> {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    let mut byte = start;
    for item in text.split(',') {
        let (host, port) = if let Some(inner) = item.strip_prefix('[') {
            let (host, rest) = inner
                .split_once(']')
                .ok_or_else(|| TargetError::at(byte, "a [ without its ]"))?;
            if !rest.is_empty() && !rest.starts_with(':') {
                return Err(TargetError::at(byte, "after a ] comes a port or nothing"));
            }
            (host, rest.strip_prefix(':').unwrap_or_default())
        } else {
            item.split_once(':').unwrap_or((item, ""))
        };
        if !port.is_empty() && port.parse::<u16>().is_err() {
            return Err(TargetError::at(
                byte + item.len() - port.len(),
                "a port is a number up to 65535; in a password, / is written %2F and ? is %3F",
            ));
        }
        hosts.push(decoded(host, byte)?);
        ports.push(port.to_owned());
        byte += item.len() + 1;
    }
    if hosts.iter().any(|host| !host.is_empty()) {
        set(settings, "host", hosts.join(","), start)?;
    }
    if ports.iter().any(|port| !port.is_empty()) {
        set(settings, "port", ports.join(","), start)?;
    }
    Ok(())
}

/// Percent-decoded text.
fn decoded(text: &str, start: usize) -> Result<String, TargetError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes().enumerate();
    while let Some((place, byte)) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = text.get(place + 1..place + 3);
        let value = digits
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .filter(|value| *value != 0)
            .ok_or_else(|| {
                TargetError::at(
                    start + place,
                    "after a % come two hexadecimal digits, not 00; % itself is written %25",
                )
            })?;
        bytes.push(value);
        rest.nth(1);
    }
    String::from_utf8(bytes).map_err(|_| TargetError::at(start, "this part is not UTF-8"))
}

/// `name=value name='va\'lue' …`.
fn pairs(text: &str) -> Result<Settings, TargetError> {
    let mut settings = Settings::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let byte = text.len() - rest.len();
        let (keyword, after) = rest.split_once('=').ok_or_else(|| {
            TargetError::at(byte, "a setting is written name=value; spaces need quotes")
        })?;
        let after = after.trim_start();
        let (value, left) = value(after)
            .ok_or_else(|| TargetError::at(text.len() - after.len(), "a quote is not closed"))?;
        set(&mut settings, keyword.trim_end(), value, byte)?;
        rest = left.trim_start();
    }
    Ok(settings)
}

/// A value and what follows it; none when a quote is not closed.
fn value(text: &str) -> Option<(String, &str)> {
    let quoted = text.strip_prefix('\'');
    let body = quoted.unwrap_or(text);
    let mut value = String::new();
    let mut characters = body.char_indices();
    while let Some((place, character)) = characters.next() {
        match (character, quoted) {
            ('\\', _) => value.extend(characters.next().map(|(_, escaped)| escaped)),
            ('\'', Some(_)) => return Some((value, body.get(place + 1..)?)),
            (space, None) if space.is_whitespace() => return Some((value, body.get(place..)?)),
            (other, _) => value.push(other),
        }
    }
    quoted.is_none().then_some((value, ""))
}
