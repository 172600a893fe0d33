import { Injectable } from '@nestjs/common';
import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

import { answered } from '../postgres/database-error.js';
import { checkSchema, type SchemaReport } from './check-schema.js';
import { proposeColumns } from './propose/columns/propose-columns.js';
import type { ProposeOptions } from './propose/columns/propose-options.js';
import { proposeWidening } from './propose/widen/propose-widening.js';
import type { SchemaProposal } from './propose/columns/schema-proposal.js';
import type { WideningProposal } from './propose/widen/widening-proposal.js';

/**
 * Tells where the entities of the DataSource and the live database differ, which captured fields can be columns, and which
 * columns would have to take more. It reads only.
 */
@Injectable()
export class SchemaService {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Compares entities with their live tables; reads only.
   * @param entity - an entity or the name of its table. @default all entities of the DataSource
   * @throws InvalidLoadError when the DataSource has no such entity
   * @throws StorageError `SCHEMA_UNREADABLE` when the database cannot be read
   */
  async check(entity?: EntityTarget<ObjectLiteral>): Promise<SchemaReport> {
    return reading(checkSchema(this.dataSource, entity));
  }

  /**
   * Looks at what the extra column of an entity has captured, and says which fields can be columns; reads only.
   * @param entity - an entity or the name of its table
   * @throws InvalidLoadError when the DataSource has no such entity, it captures nothing, or an option is wrong
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
   * Looks at the rejected records of an entity's table, and says which of its columns would have to take more, with the
   * evidence; reads only.
   * @param entity - an entity or the name of its table
   * @throws InvalidLoadError when the DataSource has no such entity, or the database no such table
   * @throws StorageError `SCHEMA_UNREADABLE` when the database cannot be read
   */
  async proposeWidening(entity: EntityTarget<ObjectLiteral>): Promise<WideningProposal> {
    return reading(proposeWidening(this.dataSource, entity));
  }
}

function reading<T>(asking: Promise<T>): Promise<T> {
  return answered(asking, 'SCHEMA_UNREADABLE', 'Could not read the database schema');
}
