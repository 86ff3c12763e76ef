import { awsCli, type Aws, run } from './aws.ts';
import type { Settings } from './settings.ts';

/** Account and region, and how to call AWS there. */
export interface Place {
  readonly account: string;
  readonly region: string;
  readonly aws: Aws;
}

/** Where the credentials and the settings lead. @throws when they lead nowhere or to different accounts. */
export async function placeOf(settings: Settings): Promise<Place> {
  const region = settings.region ?? (await configuredRegion());
  const aws = awsCli(region);
  const { Account: account } = (await aws('sts', 'get-caller-identity')) as { Account: string };
  if (settings.account !== undefined && settings.account !== account) {
    throw new Error(
      `the settings are for the account ${settings.account}, the credentials for ${account}: use those of ${settings.account}`,
    );
  }
  return { account, region, aws };
}

async function configuredRegion(): Promise<string> {
  const named = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  if (named) return named;
  const { stdout } = await run('aws', ['configure', 'get', 'region']);
  const region = stdout.trim();
  if (region === '') throw new Error('no region: set AWS_REGION, or `region` in the settings');
  return region;
}
