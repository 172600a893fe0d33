import { metadataOf } from '../../schema/table/entity-metadata.js';
import { SchemaService } from '../../schema/schema.service.js';
import type { GlobalOptions } from '../output/output.js';
import { withStorage } from './storage-context.js';

/**
 * Runs `work` on the current schema, even if migrations are pending.
 * @param table - the table named by the command, if any
 * @throws InvalidOptionError when no entity maps to it
 */
export async function withSchema<T>(
  options: GlobalOptions,
  table: string | undefined,
  work: (schema: SchemaService) => Promise<T>,
): Promise<T> {
  return withStorage(
    options,
    async (storage) => {
      if (table !== undefined) {
        metadataOf(storage.dataSource, table);
      }
      return work(new SchemaService(storage.dataSource));
    },
    'off',
  );
}
