//! What the items between commas belong to.

use super::lexer::{Kind, Token};

/// Words that begin a list.
const LIST_WORDS: [&str; 15] = [
    "select",
    "from",
    "by",
    "set",
    "returning",
    "using",
    "into",
    "with",
    "execute",
    "declare",
    "raise",
    "table",
    "truncate",
    "lock",
    "of",
];

/// Functions with a FROM of their own between their brackets, which no relation follows.
const WITH_OWN_FROM: [&str; 4] = ["extract", "substring", "trim", "overlay"];

/// The word, open bracket or end of a statement at which the list with this comma begins.
pub(super) fn list_begin(found: &[Token<'_>], comma: usize) -> usize {
    let mut depth = 0_usize;
    for at in (0..comma).rev() {
        match &found[at].kind {
            Kind::Sign(')') => depth += 1,
            Kind::Sign('(') if depth == 0 => return at,
            Kind::Sign('(') => depth -= 1,
            Kind::Sign(';') if depth == 0 => return at,
            // `a is distinct from b, c`
            Kind::Name(word) if word == "from" && at > 0 && is_word(found, at - 1, "distinct") => {}
            Kind::Name(word) if depth == 0 && LIST_WORDS.contains(&word.as_str()) => return at,
            _ => {}
        }
    }
    0
}

/// Whether relations follow this FROM, and not an operand of `extract(… from …)` or `is distinct from`.
pub(super) fn is_from_of_relations(found: &[Token<'_>], from: usize) -> bool {
    let compared = from > 0 && is_word(found, from - 1, "distinct");
    !compared && !in_own_from(found, from)
}

/// Whether the innermost open bracket is that of `extract(… from …)` and its like.
fn in_own_from(found: &[Token<'_>], at: usize) -> bool {
    let mut depth = 0_usize;
    for before in (0..at).rev() {
        match &found[before].kind {
            Kind::Sign(')') => depth += 1,
            Kind::Sign('(') if depth == 0 => {
                return before > 0
                    && WITH_OWN_FROM
                        .iter()
                        .any(|word| is_word(found, before - 1, word));
            }
            Kind::Sign('(') => depth -= 1,
            _ => {}
        }
    }
    false
}

fn is_word(found: &[Token<'_>], at: usize, word: &str) -> bool {
    matches!(&found[at].kind, Kind::Name(name) if name == word)
}
