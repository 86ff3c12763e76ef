/** What the demonstration may be told besides. */
export const OWN = ['dmsRoles', 'engineVersion', 's3PrefixListId', 'sampleArtifact', 'samples'] as const;

/** What has a meaning for the demonstration alone. */
export const DEMONSTRATION_KEYS: readonly string[] = ['selectedDatabase', ...OWN];
