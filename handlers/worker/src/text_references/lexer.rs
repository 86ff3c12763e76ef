//! SQL and PL/pgSQL text as tokens (PostgreSQL manual, "Lexical Structure"): just enough to tell a name from a
//! literal and a comment.

/// A token and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind<'a>,
    /// Byte at which it begins.
    pub start: usize,
    /// Byte after its last.
    pub end: usize,
    /// Whether it is a literal that doesn't begin with a plain quote: `E'…'`, `$$…$$`.
    pub prefixed: bool,
}

/// The kinds of tokens that matter here. Comments and white space give no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind<'a> {
    /// A name as the catalog would hold it: folded to lower case, or unquoted.
    Name(String),
    /// A literal; the content as it stands between its delimiters, escapes included.
    Literal(&'a str),
    /// One other character: an operator, a bracket, a comma, a dot.
    Sign(char),
    /// A number or a parameter like `$1`.
    Number,
}

/// Splits text into tokens. Something that isn't closed extends to the end of the text.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { text, at: 0 };
    std::iter::from_fn(|| lexer.next_token()).collect()
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn next_token(&mut self) -> Option<Token<'a>> {
        self.skip_blank();
        let start = self.at;
        let first = self.rest().chars().next()?;
        let kind = match first {
            '\'' => Kind::Literal(self.quoted('\'', false)),
            '"' => Kind::Name(self.quoted('"', false).replace("\"\"", "\"")),
            '$' => self.dollar(),
            _ if first.is_ascii_digit() => self.number(),
            _ if begins_name(first) => self.word(),
            _ => {
                self.at += first.len_utf8();
                Kind::Sign(first)
            }
        };
        Some(Token {
            prefixed: matches!(kind, Kind::Literal(_)) && first != '\'',
            kind,
            start,
            end: self.at,
        })
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            if self.rest().starts_with("--") {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if self.rest().starts_with("/*") {
                self.skip_block_comment();
            } else {
                return;
            }
        }
    }

    /// Block comments nest.
    fn skip_block_comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(character) = self.rest().chars().next() {
            if self.rest().starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if self.rest().starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else {
                self.at += character.len_utf8();
            }
        }
    }

    /// The content up to the closing delimiter; a doubled delimiter stays inside.
    fn quoted(&mut self, delimiter: char, backslash_escapes: bool) -> &'a str {
        self.at += 1;
        let start = self.at;
        while let Some(character) = self.rest().chars().next() {
            let here = self.at;
            self.at += character.len_utf8();
            if backslash_escapes && character == '\\' {
                self.at += self.rest().chars().next().map_or(0, char::len_utf8);
            } else if character == delimiter {
                if !self.rest().starts_with(delimiter) {
                    return &self.text[start..here];
                }
                self.at += 1;
            }
        }
        &self.text[start..]
    }

    /// `$tag$…$tag$`, a parameter `$1`, or a lone `$`.
    fn dollar(&mut self) -> Kind<'a> {
        let after = &self.rest()[1..];
        let tag_length = after
            .find(|c: char| !continues_name(c) || c == '$')
            .unwrap_or(after.len());
        if after.starts_with(|c: char| c.is_ascii_digit()) {
            self.at += 1 + after
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(after.len());
            return Kind::Number;
        }
        if !after[tag_length..].starts_with('$') {
            self.at += 1;
            return Kind::Sign('$');
        }
        let delimiter = &self.rest()[..tag_length + 2];
        let start = self.at + delimiter.len();
        let body = &self.text[start..];
        let length = body.find(delimiter);
        self.at = length.map_or(self.text.len(), |length| start + length + delimiter.len());
        Kind::Literal(&body[..length.unwrap_or(body.len())])
    }

    fn number(&mut self) -> Kind<'a> {
        let rest = self.rest();
        let digits = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        self.at += digits;
        // `1.5` is one number, but `1..10` is two around a range of a FOR loop.
        let mut after = self.rest().chars();
        if after.next() == Some('.') && after.next().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
            return self.number();
        }
        Kind::Number
    }

    /// A name, or the prefix of a literal (`E'…'`, `B'…'`, `X'…'`, `N'…'`, `U&'…'`, `U&"…"`).
    fn word(&mut self) -> Kind<'a> {
        let rest = self.rest();
        let length = rest
            .find(|c: char| !continues_name(c))
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        if word.eq_ignore_ascii_case("u") && (after.starts_with("&'") || after.starts_with("&\"")) {
            self.at += 2;
            let delimiter = if after.starts_with("&'") { '\'' } else { '"' };
            let content = self.quoted(delimiter, false);
            return match delimiter {
                '"' => Kind::Name(unescape_unicode(&content.replace("\"\"", "\""))),
                _ => Kind::Literal(content),
            };
        }
        if after.starts_with('\'') && matches!(word, "e" | "E" | "b" | "B" | "x" | "X" | "n" | "N")
        {
            self.at += 1;
            return Kind::Literal(self.quoted('\'', word.eq_ignore_ascii_case("e")));
        }
        self.at += length;
        Kind::Name(fold(word))
    }
}

fn begins_name(character: char) -> bool {
    character == '_' || character.is_ascii_alphabetic() || !character.is_ascii()
}

fn continues_name(character: char) -> bool {
    begins_name(character) || character.is_ascii_digit() || character == '$'
}

/// Folds as PostgreSQL does in UTF-8 databases: ASCII letters only (`downcase_identifier`).
fn fold(word: &str) -> String {
    word.to_ascii_lowercase()
}

/// `\0041` and `\+000041` with the default escape character; anything else stays.
fn unescape_unicode(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(place) = rest.find('\\') {
        plain.push_str(&rest[..place]);
        let after = &rest[place + 1..];
        let (skip, digits) = if after.starts_with('+') {
            (1, 6)
        } else {
            (0, 4)
        };
        let code = after
            .get(skip..skip + digits)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match code.and_then(char::from_u32) {
            Some(character) => {
                plain.push(character);
                rest = &after[skip + digits..];
            }
            None => {
                plain.push('\\');
                rest = after.strip_prefix('\\').unwrap_or(after);
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind<'_>> {
        tokens(text).into_iter().map(|token| token.kind).collect()
    }

    fn name(text: &str) -> Kind<'static> {
        Kind::Name(text.to_owned())
    }

    #[test]
    fn names_are_folded_unless_quoted() {
        assert_eq!(
            kinds("Acme.\"Or\"\"d\""),
            [name("acme"), Kind::Sign('.'), name("Or\"d")]
        );
        assert_eq!(kinds("ÉTÉ_1$x"), [name("ÉtÉ_1$x")]);
        assert_eq!(
            kinds(r#"U&"\0061cme".t"#),
            [name("acme"), Kind::Sign('.'), name("t")]
        );
    }

    #[test]
    fn comments_give_no_tokens_and_nest() {
        assert_eq!(
            kinds("a -- acme.t\n/* x /* acme.t */ 'y */b"),
            [name("a"), name("b")]
        );
        assert_eq!(kinds("a /* never closed"), [name("a")]);
    }

    #[test]
    fn literals_keep_their_content_whatever_their_delimiter() {
        assert_eq!(kinds("'it''s'"), [Kind::Literal("it''s")]);
        assert_eq!(kinds(r"E'a\'b' x"), [Kind::Literal(r"a\'b"), name("x")]);
        assert_eq!(kinds(r"'a\' x"), [Kind::Literal(r"a\"), name("x")]);
        assert_eq!(
            kinds("$q$ it's $$ \"a $q$ x"),
            [Kind::Literal(" it's $$ \"a "), name("x")]
        );
        assert_eq!(kinds("'open"), [Kind::Literal("open")]);
    }

    #[test]
    fn parameters_and_numbers_are_no_dollar_quotes_and_no_names() {
        assert_eq!(kinds("$1$2"), [Kind::Number, Kind::Number]);
        let range = [Kind::Number, Kind::Sign('.'), Kind::Sign('.'), Kind::Number];
        assert_eq!(kinds("1..10"), range);
        assert_eq!(kinds("1.5e3"), [Kind::Number]);
    }

    #[test]
    fn a_dollar_inside_a_name_begins_no_literal() {
        assert_eq!(kinds("a$b$c"), [name("a$b$c")]);
    }
}
