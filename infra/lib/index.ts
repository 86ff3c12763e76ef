/** What an app of your own needs, to attach the pipeline to what it has. */
export { clusterAsSource, instanceAsSource, networkIn, type VpcAttachment } from './attach.ts';
export type { RequestBus } from './bus.ts';
export { type DatabaseKind, KINDS } from './demonstration/kind.ts';
export { DatabaseLevelRestoreStack, type DatabaseLevelRestoreStackProps } from './demonstration/stack.ts';
export type * from './props.ts';
export { TenantRestoreStack, type TenantRestoreStackProps } from './stack.ts';
export { TenantRestore } from './tenant-restore.ts';
