import { createContext, runInContext } from 'node:vm';
import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { describeFault, PostgresError } from '../../../src/postgres/database-fault.js';
import { classifyFault } from '../../../src/postgres/sqlstate.js';

const SECRET = 'xyzzy-4711';
const error = (code: string | undefined, message: string, fields: object = {}) =>
  Object.assign(
    new Error(message),
    { code, detail: SECRET, where: SECRET, hint: SECRET, internalQuery: SECRET },
    fields,
  );

describe('what is said of a database error', () => {
  it.each<[string, Error, string]>([
    [
      'the condition and the places',
      error('23505', SECRET, { table: 't', constraint: 'c' }),
      'duplicate key (table t, constraint c) [23505]',
    ],
    [
      'the column',
      error('23502', SECRET, { table: 't', column: 'c' }),
      'null in a NOT NULL column (table t, column c) [23502]',
    ],
    ['the code alone where the message may quote a row', error('22P99', SECRET), 'rejected [22P99]'],
    ['the condition, not the text, of another class', error('40001', SECRET), 'serialization failure [40001]'],
    ['the condition of a read-only database', error('25006', SECRET), 'the database is read-only [25006]'],
    ['the code alone where a class has no name', error('55P99', SECRET), 'rejected [55P99]'],
    ['the code alone of an internal error', error('XX000', SECRET), 'rejected [XX000]'],
    ['the code alone of an exception raised by a trigger', error('P0001', SECRET), 'rejected [P0001]'],
    [
      'the message where it names objects only',
      error('42703', 'column "x" does not exist', { where: undefined }),
      'column "x" does not exist [42703]',
    ],
    [
      'that it came from a function, whose statements may hold values',
      error('42703', `column "${SECRET}" does not exist`),
      'rejected by a function or trigger of the database [42703]',
    ],
    [
      'no name that was raised',
      error('23514', SECRET, { routine: 'exec_stmt_raise', table: SECRET, column: SECRET, constraint: SECRET }),
      'check violation [23514]',
    ],
    [
      'what a socket says',
      error('ECONNREFUSED', 'connect ECONNREFUSED'),
      'connection refused; check that Postgres is running at this address [ECONNREFUSED]',
    ],
    [
      'what pg says of the connection',
      error(undefined, 'Connection terminated unexpectedly', { where: undefined }),
      'Connection terminated unexpectedly [UNKNOWN]',
    ],
  ])('is %s', (_, given, message) => {
    expect(describeFault(given).message).toBe(message);
    expect(inspect(PostgresError.from(given), { depth: 5, showHidden: true })).not.toContain(SECRET);
  });

  it('is not the message of an exception that a function raised under the code of another error', () => {
    const raised = error('42P01', `row ${SECRET}`, { routine: 'exec_stmt_raise', file: 'pl_exec.c' });
    expect(describeFault(raised).message).not.toContain(SECRET);
  });

  it('is the same for an error of another realm, as the sockets of a test runner throw them', () => {
    const foreign = runInContext(
      'Object.assign(new Error("connect"), { code: "ECONNREFUSED" })',
      createContext(),
    ) as Error;
    expect(describeFault(foreign).code).toBe('ECONNREFUSED');
    expect(classifyFault(foreign)).toBe('connection');
  });

  it.each([[undefined], [null], ['text'], [5]])('is nothing of a thrown %j', (thrown) => {
    expect(describeFault(thrown)).toMatchObject({ code: 'UNKNOWN', message: 'unknown error [UNKNOWN]' });
  });
});
