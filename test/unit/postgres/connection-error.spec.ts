import { describe, expect, it } from '@jest/globals';

import { connectionError } from '../../../src/postgres/faults/connection-error.js';

const messageOf = (url: string, code: string): string =>
  connectionError(url, Object.assign(new Error('secret'), { code })).message;

describe('the error of a failed connection', () => {
  it.each([
    ['postgres://u:p@db.example/app', 'Postgres at db.example:5432/app'],
    ['postgres://u:p@db.example:6543/app', 'Postgres at db.example:6543/app'],
    ['postgres:///app?user=u&password=p&host=10.0.0.7&port=6543', 'Postgres at 10.0.0.7:6543/app'],
    ['postgres://u:p@first:1/app?host=second', 'Postgres at second:1/app'],
    [
      'postgres:///app?user=u&password=p&host=/var/run/postgresql',
      'Postgres at the socket /var/run/postgresql/.s.PGSQL.5432, database app',
    ],
    ['postgres://u:p@%2Ftmp/app', 'Postgres at the socket /tmp/.s.PGSQL.5432, database app'],
  ])('names the place of %s as pg reads it', (url, place) => {
    const message = messageOf(url, 'ECONNREFUSED');
    expect(message).toContain(`Could not connect to ${place}: `);
    expect(message).not.toMatch(/u:p|password=|secret/);
  });

  it.each([
    ['53300', /connections are free/],
    ['57P03', /has started/],
    ['28P01', /user and password/],
  ])('says what to do about %s, and not to check the URL', (code, remedy) => {
    const message = messageOf('postgres://u:p@db.example/app', code);
    expect(message).toMatch(remedy);
    expect(message).not.toContain('check the connection URL');
  });
});
