import { InvalidLoadError } from '../../errors/index.js';
import { metadataOf } from '../../schema/table/entity-metadata.js';
import { SchemaService } from '../../schema/schema.service.js';
import type { GlobalOptions } from '../output/output.js';
import { dataSourceOf, withStorage } from './storage-context.js';
import { UsageError } from '../usage-error.js';

/**
 * Runs `work` on the schema as it is, whatever migrations it lacks.
 * @param table - the table a command names, if it does
 * @throws UsageError when no entity is known for it
 */
export async function withSchema<T>(
  options: GlobalOptions,
  table: string | undefined,
  work: (schema: SchemaService) => Promise<T>,
): Promise<T> {
  return withStorage(
    options,
    async (app) => {
      try {
        if (table !== undefined) {
          metadataOf(dataSourceOf(app), table);
        }
      } catch (error) {
        throw error instanceof InvalidLoadError ? new UsageError(error.message) : error;
      }
      return work(app.get(SchemaService));
    },
    'off',
  );
}
