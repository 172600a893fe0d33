import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateFeedback1764150000000 implements MigrationInterface {
  readonly name = 'CreateFeedback1764150000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE feedback (
        id text PRIMARY KEY,
        product text NOT NULL,
        rating smallint NOT NULL,
        comment text,
        sent_at timestamptz NOT NULL,
        extra jsonb,
        load_id uuid,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      )`);
    await queryRunner.query('CREATE INDEX feedback_newest ON feedback (sent_at, id)');
    await queryRunner.query('CREATE INDEX feedback_newest_of_product ON feedback (product, sent_at, id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE feedback');
  }
}
