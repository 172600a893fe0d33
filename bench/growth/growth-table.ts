import { randomBytes } from 'node:crypto';

import type { ClientBase } from 'pg';

import type { KeyKind } from './keys.js';

/** Multiplier and modulus of the value of the first number of row `i`. */
export const SCATTER = { step: 1_103_515, modulus: 2_147_483_647 } as const;

/** Bytes of a row without its numbers and its payload: headers and key. */
const OTHER_BYTES = 44;
const BYTES_A_NUMBER = 8;
/** Leaf pages of an index into which keys were inserted at random are about so full. */
const RANDOM_FILL = 70;
/** Vacuums of the server's own choice would fall into some loads and not into others. */
const NO_AUTOVACUUM = 'WITH (autovacuum_enabled = off)';

export const GROWTH_TABLE = 'growth';
/** A table of the same columns for the first loads of a process. */
export const WARM_UP_TABLE = 'growth_warm_up';

export interface TableShape {
  readonly key: KeyKind;
  /** About how many bytes a row has. */
  readonly width: number;
  /** Columns for indexes; their values are scattered, so that new entries belong all over an index. */
  readonly numbers: number;
  /** Partitions by hash of the key; 0 for a plain table. */
  readonly partitions: number;
}

/** Sizes in bytes. */
export interface TableSize {
  readonly table: number;
  readonly indexes: number;
}

/** The table of one dimension, which grows from one measurement to the next. */
export class GrowthTable {
  /** Rows besides those of a measurement. */
  stored = 0;
  indexes = 0;
  private revision = 0;

  private constructor(
    private readonly client: ClientBase,
    readonly shape: TableShape,
  ) {}

  static async create(client: ClientBase, shape: TableShape): Promise<GrowthTable> {
    const numbers = namesOf(shape).map((name) => `${name} bigint, `);
    const columns = `id ${shape.key.type} PRIMARY KEY, ${numbers.join('')}payload text`;
    await client.query(`DROP TABLE IF EXISTS ${GROWTH_TABLE}, ${WARM_UP_TABLE}`);
    await client.query(`CREATE TABLE ${WARM_UP_TABLE} (${columns}) ${NO_AUTOVACUUM}`);
    const isPlain = shape.partitions === 0;
    await client.query(
      `CREATE TABLE ${GROWTH_TABLE} (${columns}) ${isPlain ? NO_AUTOVACUUM : 'PARTITION BY HASH (id)'}`,
    );
    for (let part = 0; part < shape.partitions; part += 1) {
      await client.query(
        `CREATE TABLE ${GROWTH_TABLE}_${part} PARTITION OF ${GROWTH_TABLE}
         FOR VALUES WITH (MODULUS ${shape.partitions}, REMAINDER ${part}) ${NO_AUTOVACUUM}`,
      );
    }
    return new GrowthTable(client, shape);
  }

  get numberNames(): string[] {
    return namesOf(this.shape);
  }

  get payloadBytes(): number {
    return this.shape.width - OTHER_BYTES - BYTES_A_NUMBER * this.shape.numbers;
  }

  /** Fills the table up to this many rows, as if they had come in the order of their numbers. */
  async grow(rows: number): Promise<void> {
    const { key, partitions } = this.shape;
    const rebuilds = partitions === 0;
    if (rebuilds) {
      await this.client.query(`ALTER TABLE ${GROWTH_TABLE} DROP CONSTRAINT ${GROWTH_TABLE}_pkey`);
    }
    await this.client.query(
      `INSERT INTO ${GROWTH_TABLE}
       SELECT ${key.sql}, ${this.numberNames.map((_, index) => `${scattered(index)}, `).join('')}
         substr($1, 1 + (i % $2)::integer, $2::integer)
       FROM generate_series($3::bigint, $4::bigint) i`,
      // Base64 does not compress.
      [randomBytes(2 * this.payloadBytes).toString('base64'), this.payloadBytes, this.stored + 1, rows],
    );
    if (rebuilds) {
      const fill = key.isRandom ? ` WITH (fillfactor = ${RANDOM_FILL})` : '';
      await this.client.query(`ALTER TABLE ${GROWTH_TABLE} ADD PRIMARY KEY (id)${fill}`);
    }
    this.stored = rows;
    await this.client.query(`VACUUM (ANALYZE) ${GROWTH_TABLE}`);
  }

  /** Adds indexes until there are this many besides the key's. */
  async addIndexes(count: number): Promise<void> {
    for (const name of this.numberNames.slice(this.indexes, count)) {
      await this.client.query(`CREATE INDEX ON ${GROWTH_TABLE} (${name}) WITH (fillfactor = ${RANDOM_FILL})`);
    }
    this.indexes = count;
  }

  /** Deletes the rows that a measurement inserted. */
  async removeNew(keys: readonly string[]): Promise<void> {
    await this.client.query(`DELETE FROM ${GROWTH_TABLE} WHERE id = ANY ($1::${this.shape.key.type}[])`, [keys]);
    await this.vacuum();
  }

  /** Makes room of old row versions; what is at the end of the table goes back to the file system. */
  async vacuum(): Promise<void> {
    await this.client.query(`VACUUM ${GROWTH_TABLE}`);
  }

  /** Closes the gaps of old row versions: they are all over the table, and new rows would go there. */
  async rewrite(): Promise<void> {
    await this.client.query(`VACUUM (FULL, ANALYZE) ${GROWTH_TABLE}`);
  }

  /** Payloads of another revision differ from all that were stored before. */
  nextRevision(): number {
    this.revision += 1;
    return this.revision;
  }

  async size(): Promise<TableSize> {
    const { rows } = await this.client.query<TableSize>(
      `SELECT sum(pg_table_size(relid))::float AS "table", sum(pg_indexes_size(relid))::float AS indexes
       FROM (SELECT relid FROM pg_partition_tree($1) UNION SELECT $1::regclass) relations`,
      [GROWTH_TABLE],
    );
    const [size = { table: NaN, indexes: NaN }] = rows;
    return size;
  }
}

function namesOf({ numbers }: TableShape): string[] {
  return Array.from({ length: numbers }, (_, index) => `n${index + 1}`);
}

function scattered(index: number): string {
  return `i * ${SCATTER.step * (2 * index + 1)} % ${SCATTER.modulus}`;
}
