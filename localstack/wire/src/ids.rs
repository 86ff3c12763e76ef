//! Random identifiers.

/// `bytes` random bytes in hexadecimal.
///
/// # Panics
/// If the operating system has no randomness to give.
pub fn hex(bytes: usize) -> String {
    let mut random = vec![0_u8; bytes];
    getrandom::fill(&mut random)
        .expect("the operating system always has randomness once it has booted");
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A random identifier in the shape of a UUID.
pub fn uuid() -> String {
    let digits = hex(16);
    [
        &digits[0..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..32],
    ]
    .join("-")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_uuid_has_five_groups_and_is_never_the_same() {
        let id = super::uuid();
        assert_eq!(
            id.split('-').map(str::len).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12]
        );
        assert_ne!(id, super::uuid());
    }
}
