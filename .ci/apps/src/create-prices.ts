import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreatePrices1764000000000 implements MigrationInterface {
  readonly name = 'CreatePrices1764000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE TABLE prices (sku text PRIMARY KEY, amount numeric(10, 2) NOT NULL)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE prices');
  }
}
