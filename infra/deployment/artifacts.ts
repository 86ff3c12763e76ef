import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from './settings.ts';

/** Machine of an ELF header: AArch64 (ELF for the Arm 64-bit Architecture, "ELF header"). */
const AARCH64 = 183;

/** What is missing of the artifacts that the functions are made of, or isn't for them. */
export function artifactProblems({ context }: Settings): string[] {
  const { lambdaArtifact, sampleArtifact } = context;
  const problems = [];
  if (lambdaArtifact !== undefined) problems.push(...binaryProblems('lambdaArtifact', lambdaArtifact));
  if (sampleArtifact === undefined) return problems;
  problems.push(...binaryProblems('sampleArtifact', sampleArtifact));
  if (!existsSync(join(sampleArtifact, 'rds-global-bundle.pem'))) {
    problems.push(`sampleArtifact: ${sampleArtifact} has no rds-global-bundle.pem: \`make build\` fetches it`);
  }
  return problems;
}

function binaryProblems(key: string, folder: string): string[] {
  const file = join(folder, 'bootstrap');
  if (!existsSync(file)) return [`${key}: there is no ${file}: run \`make build\``];
  const machine = machineOf(file);
  if (machine === AARCH64) return [];
  return [`${key}: ${file} is not a program for arm64, which the functions run on: run \`make build\``];
}

/** The machine that an ELF file is for, little-endian at offset 18 of its header; nothing if it's no ELF file. */
function machineOf(file: string): number | undefined {
  const header = Buffer.alloc(20);
  const open = openSync(file, 'r');
  try {
    readSync(open, header, 0, header.length, 0);
  } finally {
    closeSync(open);
  }
  return header.toString('latin1', 0, 4) === '\x7fELF' ? header.readUInt16LE(18) : undefined;
}
