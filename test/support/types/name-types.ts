import { REJECTED, type TypeCases } from './type-case.js';

/** Addresses, labels, and names and numbers of the server's own objects. */
export const NAME_TYPES: readonly TypeCases[] = [
  {
    type: 'inet',
    cases: [
      ['10.0.0.1', '10.0.0.1/32'],
      ['::1/64', '::1/64'],
      ['1.0.0.256', REJECTED],
      ['10.0.0.1 x', REJECTED],
    ],
  },
  {
    type: 'cidr',
    cases: [
      ['10.0.0.0/8', '10.0.0.0/8'],
      ['1.0.0.1/8', REJECTED],
    ],
  },
  {
    type: 'macaddr',
    cases: [
      ['08002b010203', '08:00:2b:01:02:03'],
      ['08:00:2b:01:02', REJECTED],
    ],
  },
  {
    type: 'macaddr8',
    cases: [
      ['08:00:2b:01:02:03:04:05', '08:00:2b:01:02:03:04:05'],
      ['08:00:2b:01:02:03', REJECTED],
    ],
  },
  {
    type: 'mood',
    cases: [
      ['happy', 'happy'],
      ['so, so', 'so, so'],
      ['nope', REJECTED],
      ['Happy', REJECTED],
    ],
  },
  {
    type: 'mood[]',
    cases: [
      [['happy', 'so, so'], '{happy,"so, so"}'],
      ['{happy,"so, so"}', '{happy,"so, so"}'],
      [['nope'], REJECTED],
    ],
  },
  { type: 'pair', cases: [['(1,1.005)', REJECTED]] },
  {
    type: 'pg_lsn',
    cases: [
      ['16/B374D848', '16/B374D848'],
      ['16', REJECTED],
    ],
  },
  {
    type: 'pg_snapshot',
    cases: [
      ['10:20:10,14,15', '10:20:10,14,15'],
      ['20:10:', REJECTED],
    ],
  },
  {
    type: 'txid_snapshot',
    cases: [
      ['10:20:10,14,15', '10:20:10,14,15'],
      ['20:10:', REJECTED],
    ],
  },
  {
    type: 'tid',
    cases: [
      ['(1,2)', '(1,2)'],
      ['(1,70000)', REJECTED],
    ],
  },
  {
    type: 'aclitem',
    cases: [
      ['pg_monitor=r/pg_monitor', 'pg_monitor=r/pg_monitor'],
      ['x', REJECTED],
    ],
  },
  ...Object.entries({
    regclass: 'pg_class',
    regtype: 'integer',
    regproc: 'pg_backend_pid',
    regprocedure: 'now()',
    regoper: '||/',
    regoperator: '+(integer,integer)',
    regnamespace: 'pg_catalog',
    regrole: 'pg_monitor',
    regconfig: 'english',
    regdictionary: 'simple',
    regcollation: '"C"',
  }).map(([type, name]): TypeCases => ({
    type,
    cases: [
      [name, name],
      ['no such thing', REJECTED],
    ],
  })),
];
