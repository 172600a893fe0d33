import { describe, expect, it } from '@jest/globals';

import { isRemoteWithoutTls } from '../../../src/postgres/remote-without-tls.js';
import type { PostgresDataSourceOptions } from '../../../src/postgres/typeorm-adapter.js';

const asked = (options: Partial<PostgresDataSourceOptions>) => isRemoteWithoutTls({ type: 'postgres', ...options });
const REMOTE = 'postgres://db.example.org/d';

describe('a connection that leaves the machine', () => {
  it.each<[string, Partial<PostgresDataSourceOptions>]>([
    ['a url that says nothing', { url: REMOTE }],
    ['sslmode=disable', { url: `${REMOTE}?sslmode=disable` }],
    ['ssl=false', { url: `${REMOTE}?ssl=0` }],
    ['a host without ssl', { host: 'db.example.org' }],
    ['ssl: false', { host: 'db.example.org', ssl: false }],
    ['an address that only begins like a local name', { host: 'localhost.example.org' }],
    ['one replica of several', { replication: { master: { host: 'localhost' }, slaves: [{ url: REMOTE }] } }],
    ['a host in extra', { extra: { host: 'db.example.org' } }],
  ])('does so without TLS: %s', (_, options) => {
    expect(asked(options)).toBe(true);
  });

  it.each<[string, Partial<PostgresDataSourceOptions>]>([
    ['ssl=true', { url: `${REMOTE}?ssl=true` }],
    ...['prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'].map((mode): [string, object] => [
      `sslmode=${mode}`,
      { url: `${REMOTE}?sslmode=${mode}` },
    ]),
    ['ssl: true', { host: 'db.example.org', ssl: true }],
    ['ssl with a CA', { url: REMOTE, ssl: { ca: 'x' } }],
    ['ssl in extra', { host: 'db.example.org', extra: { ssl: { rejectUnauthorized: true } } }],
  ])('does so with TLS: %s', (_, options) => {
    expect(asked(options)).toBe(false);
  });

  it.each<[string, Partial<PostgresDataSourceOptions>]>([
    ['localhost', { url: 'postgres://localhost/d' }],
    ['IPv4', { host: '127.0.0.2' }],
    ['IPv6', { url: 'postgres://[::1]/d' }],
    ['a socket', { host: '/var/run/postgresql' }],
  ])('is none to this machine: %s', (_, options) => {
    expect(asked(options)).toBe(false);
  });
});
