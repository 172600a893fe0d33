import type { MigrationInterface, QueryRunner } from 'typeorm';

import { defaultSchema } from '../../src/postgres/data-source.js';
import { quoteTable } from '../../src/postgres/identifiers.js';
import { dataSourceOf } from '../../src/postgres/typeorm-adapter.js';

/** Columns of each table, beside its key and those that every loaded table has. */
const TABLES: Readonly<Record<string, { readonly key: readonly string[]; readonly columns: readonly string[] }>> = {
  opportunity_scores: {
    key: ['submission_id'],
    columns: [
      score('opportunity_scores', 'market_demand'),
      score('opportunity_scores', 'pain_intensity'),
      score('opportunity_scores', 'monetization_potential'),
      score('opportunity_scores', 'market_gap'),
      score('opportunity_scores', 'technical_feasibility'),
      score('opportunity_scores', 'total'),
      '"scored_at" timestamptz',
      '"method" text',
    ],
  },
  monetization_patterns: {
    key: ['submission_id', 'model'],
    columns: [
      '"willingness_to_pay_score" double precision',
      '"price_point" text',
      '"customer_segment" text',
      '"confidence" double precision',
    ],
  },
  market_validations: {
    key: ['submission_id', 'source'],
    columns: [
      '"score" double precision',
      '"competitor_count" integer',
      '"market_size" text',
      '"evidence" jsonb',
      '"validated_at" timestamptz',
    ],
  },
  competitive_landscape: {
    key: ['submission_id', 'competitor_name'],
    columns: ['"url" text', '"strengths" jsonb', '"weaknesses" jsonb', '"pricing" jsonb'],
  },
};

const LOADED_COLUMNS = [
  '"extra" jsonb',
  '"load_id" uuid',
  '"created_at" timestamptz NOT NULL DEFAULT now()',
  '"updated_at" timestamptz NOT NULL DEFAULT now()',
];

/** Creates the tables of EnrichmentModule. */
export class CreateEnrichmentTables1764700000000 implements MigrationInterface {
  readonly name = 'CreateEnrichmentTables1764700000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [name, { key, columns }] of Object.entries(TABLES)) {
      const table = tableOf(queryRunner, name);
      const all = [
        ...key.map((column) => `"${column}" text NOT NULL`),
        ...columns,
        ...LOADED_COLUMNS,
        `CONSTRAINT "${name}_pkey" PRIMARY KEY (${key.map((column) => `"${column}"`).join(', ')})`,
      ];
      // As in the tables of storageMigrations: room for updates, and row level security without a policy, so only the owner reads.
      await queryRunner.query(`CREATE TABLE ${table} (${all.join(', ')}) WITH (fillfactor = 90)`);
      await queryRunner.query(`CREATE INDEX "${name}_load_id_idx" ON ${table} USING brin ("load_id")`);
      await queryRunner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of Object.keys(TABLES).toReversed()) {
      await queryRunner.query(`DROP TABLE ${tableOf(queryRunner, name)}`);
    }
  }
}

function score(table: string, column: string): string {
  return `"${column}" double precision CONSTRAINT "${table}_${column}_check" CHECK ("${column}" >= 0 AND "${column}" <= 100)`;
}

function tableOf(queryRunner: QueryRunner, name: string): string {
  return quoteTable(defaultSchema(dataSourceOf(queryRunner)), name);
}
