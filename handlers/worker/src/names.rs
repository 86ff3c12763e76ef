//! SQL names and literals, quoted as PostgreSQL's `quote_ident` and `quote_literal` would, but always.

/// The longest name in bytes that PostgreSQL keeps whole (NAMEDATALEN - 1).
pub const MAX_NAME_BYTES: usize = 63;

/// The name as a quoted identifier, whatever its letters.
pub fn quote_ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `schema.name`, both quoted.
pub fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", quote_ident(schema), quote_ident(name))
}

/// The text as a string literal that means the same whatever `standard_conforming_strings` is.
pub fn quote_literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') {
        return format!(" E'{}'", quoted.replace('\\', "\\\\"));
    }
    format!("'{quoted}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_inside_a_name_are_doubled() {
        assert_eq!(quote_ident("Acme-1.b\"x"), "\"Acme-1.b\"\"x\"");
        assert_eq!(qualified("a", "select"), "\"a\".\"select\"");
    }

    #[test]
    fn quotes_and_backslashes_inside_a_literal_stay_text() {
        assert_eq!(quote_literal("o'neil"), "'o''neil'");
        assert_eq!(quote_literal("a\\'b"), " E'a\\\\''b'");
    }
}
