//! Whether the text of a literal may name a schema. It may become part of a statement, a pattern or a path, so whatever
//! isn't plainly a word in a sentence counts: a report too many costs a look, one too few a write into the live schema.

use super::lexer::{Kind, Token, tokens};
use super::{behind_schema_word, search_path_items};

/// Whether a literal's content is the schema's name or may hold it as one.
pub(super) fn mentions(content: &str, schema: &str) -> bool {
    content == schema
        || reads_as_mention(content, schema)
        || (content.contains('\\') && reads_as_mention(&unescaped(content), schema))
}

fn reads_as_mention(content: &str, schema: &str) -> bool {
    let found = tokens(content);
    let paths = search_path_items(&found);
    // A connection's options too: `options=-csearch_path=acme`.
    let sets_path = content.to_ascii_lowercase().contains("search_path");
    let sentence = is_sentence(&found);
    found.iter().enumerate().any(|(at, token)| {
        let quoted = content[token.start..].starts_with('"');
        match &token.kind {
            // In a pattern, `$` is the end of the text and no part of the name.
            Kind::Name(name) if name == schema || name.strip_suffix('$') == Some(schema) => {
                let before_dot = found
                    .get(at + 1)
                    .is_some_and(|next| next.kind == Kind::Sign('.'));
                before_dot
                    || quoted
                    || sets_path
                    || !sentence
                    || paths.contains(&at)
                    || behind_schema_word(&found, at)
            }
            // A string of JSON.
            Kind::Name(inner) if quoted => mentions(inner, schema),
            Kind::Literal(inner) => mentions(inner, schema),
            _ => false,
        }
    })
}

/// Whether two words stand side by side, as in no pattern (`^acme$`), no list (`{acme,public}`) and no path.
fn is_sentence(found: &[Token<'_>]) -> bool {
    let word = |token: &Token<'_>| matches!(token.kind, Kind::Name(_));
    found
        .windows(2)
        .any(|pair| word(&pair[0]) && word(&pair[1]))
}

/// The content with every backslash escape as a blank, which ends a word: `E'truncate\nacme.t'`.
/// Escapes by a character's number stay what they are; nobody spells a name so who wants it found.
fn unescaped(content: &str) -> String {
    let mut plain = String::with_capacity(content.len());
    let mut characters = content.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('n' | 't' | 'r' | 'b' | 'f') | None => plain.push(' '),
            Some(other) => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn statements_patterns_lists_and_paths_may_name_the_schema() {
        for content in [
            "acme",
            "select * from acme.t",
            "drop schema acme cascade",
            "drop schema if exists public, acme cascade",
            "grant select on all tables in schema acme to clerk",
            "^acme$",
            r"^acme\.",
            "acme%",
            "{acme,public}",
            "acme, public",
            "^(acme|public)$",
            "dbname=x options=-csearch_path=acme",
            "alter role clerk set search_path to public, acme",
            r#"{"schema": "acme"}"#,
            r#"{"table": "acme.t", "of": "us"}"#,
            r"truncate\nacme.t",
            r"it\'s acme.t",
            "select 'acme'",
        ] {
            assert!(mentions(content, "acme"), "{content}");
        }
    }

    #[test]
    fn words_in_sentences_and_other_names_do_not() {
        for content in [
            "the acme company",
            "we at acme, since 1990",
            "acme_r.t",
            "acmecorp",
            "xacme.t",
            r"tab\tacme_r",
            "",
        ] {
            assert!(!mentions(content, "acme"), "{content}");
        }
    }
}
