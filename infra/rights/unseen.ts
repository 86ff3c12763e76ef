import type { Reason } from './compare.ts';

/** Rights that AWS asks for and a run in the local cloud can't show in use. */
export const UNSEEN: readonly Reason[] = [
  {
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    why: 'Lambda and Fargate write logs by these; the local cloud writes files',
  },
  {
    actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    why: 'Lambda polls the function\'s queue by these (Lambda developer guide, "Using Lambda with Amazon SQS"); the local cloud\'s poller asks no policy',
  },
  {
    actions: ['iam:PassRole'],
    why: 'AWS asks for it beside RunTask, CreateEndpoint and the like (IAM user guide, "Passing a role"); the local cloud does not',
  },
];
