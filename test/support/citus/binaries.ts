import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where Debian and Ubuntu have the server programs of each major version. */
const DEBIAN = '/usr/lib/postgresql';

const HOW_TO_GET_IT =
  'Install a Postgres with Citus (https://docs.citusdata.com, the package postgresql-<version>-citus-<version>), or name the ' +
  'directory of its server programs in HARBOR_TEST_CITUS';

/** The directory of the server programs of a Postgres that has Citus; undefined where there is none. */
export function findCitus(): string | undefined {
  const given = process.env['HARBOR_TEST_CITUS'];
  if (given !== undefined && given !== '') return hasCitus(given) ? given : undefined;
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  return versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN, version, 'bin'))
    .find(hasCitus);
}

/** Why there is no Citus here; undefined where there is one. */
export function citusIsMissing(): string | undefined {
  return findCitus() === undefined ? `There is no Postgres with Citus here. ${HOW_TO_GET_IT}` : undefined;
}

function hasCitus(directory: string): boolean {
  const { status, stdout } = spawnSync(join(directory, 'pg_config'), ['--sharedir'], { encoding: 'utf8' });
  return status === 0 && existsSync(join(stdout.trim(), 'extension', 'citus.control'));
}
