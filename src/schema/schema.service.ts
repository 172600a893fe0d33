import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

import { answered } from '../postgres/faults/database-error.js';
import { checkSchema, type SchemaReport } from './check-schema.js';
import { proposeColumns } from './propose/columns/propose-columns.js';
import type { ProposeOptions, WidenOptions } from './propose/columns/propose-options.js';
import { proposeWidening } from './propose/widen/propose-widening.js';
import type { SchemaProposal } from './propose/columns/schema-proposal.js';
import type { WideningProposal } from './propose/widen/widening-proposal.js';

/**
 * Compares entities of the DataSource with the live database, and proposes columns for captured fields and wider types for
 * columns that reject records. Read-only.
 */
export class SchemaService {
  /** Injected by Nest; elsewhere with an initialized DataSource. */
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Compares entities with their live tables; read-only.
   * @param entity - an entity or the name of its table. @default all entities of the DataSource
   * @throws InvalidLoadError when the DataSource has no such entity
   * @throws StorageError `SCHEMA_UNREADABLE` when the database cannot be read
   */
  async check(entity?: EntityTarget<ObjectLiteral>): Promise<SchemaReport> {
    return reading(checkSchema(this.dataSource, entity));
  }

  /**
   * Proposes columns for fields captured in the extra column of an entity; read-only.
   * @param entity - an entity or the name of its table
   * @throws InvalidLoadError when the DataSource has no such entity, it captures nothing, or an option is invalid
   * @throws StorageError `SCHEMA_UNREADABLE` when the database cannot be read
   * @example
   * const proposal = await schema.propose(Price);
   * await writeMigration(proposal, 'src/migrations');
   * console.log(proposal.entitySource().properties);
   */
  async propose(entity: EntityTarget<ObjectLiteral>, options: ProposeOptions = {}): Promise<SchemaProposal> {
    return reading(proposeColumns(this.dataSource, entity, options));
  }

  /**
   * Proposes wider types for columns of an entity's table, based on its rejected records; read-only.
   * @param entity - an entity or the name of its table
   * @throws InvalidLoadError when the DataSource has no such entity, the database no such table, or an option is invalid
   * @throws StorageError `SCHEMA_UNREADABLE` when the database cannot be read
   */
  async proposeWidening(entity: EntityTarget<ObjectLiteral>, options: WidenOptions = {}): Promise<WideningProposal> {
    return reading(proposeWidening(this.dataSource, entity, options));
  }
}

function reading<T>(asking: Promise<T>): Promise<T> {
  return answered(asking, 'SCHEMA_UNREADABLE', 'Could not read the database schema');
}
