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
  {
    actions: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
    why: "the X-Ray daemon beside a function sends by these (X-Ray developer guide); the local cloud's keeps what it gets",
  },
  {
    actions: [
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:GetAuthorizationToken',
      'ecr:GetDownloadUrlForLayer',
    ],
    role: '-worker-start',
    why: 'Fargate pulls the image by these; the local cloud starts a program',
  },
  {
    actions: ['dms:AddTagsToResource', 'ecs:TagResource', 'rds:AddTagsToResource', 'secretsmanager:TagResource'],
    why: 'AWS asks for them when something is made with tags (service authorization reference); the local cloud asks for the creation alone',
  },
  {
    actions: ['s3:ListBucket'],
    why: 'S3 asks for it when a file that is read is missing (S3 API reference, GetObject); the local cloud says so without',
  },
  {
    actions: ['sqs:ChangeMessageVisibility'],
    why: 'a message is given back untried only when its batch has used up a minute; the test of that invokes the handler itself',
  },
  {
    actions: ['iam:GetRole', 'secretsmanager:DescribeSecret'],
    role: '-migrate',
    why: 'DMS asks for them of whoever makes an endpoint with a secret (DMS user guide, "Using secrets"); the local DMS does not',
  },
  {
    actions: ['rds:ListTagsForResource'],
    role: '-intake',
    why: 'RDS documents for no list whether it shows tags to those who may not ask for them',
  },
];
