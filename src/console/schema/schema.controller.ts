import { Get, Inject, Req, Res } from '@nestjs/common';
import type { EntityTarget, ObjectLiteral } from 'typeorm';

import { rolesOf } from '../../schema/table/entity-column.js';
import { pathOf } from '../../schema/table/entity-metadata.js';
import { CONSOLE_CONTEXT, type ConsoleContext } from '../console-context.js';
import type { Html } from '../html/html.js';
import { ConsoleResponder } from '../http/console-responder.js';
import { PageError } from '../http/page-error.js';
import { choice, readQuery } from '../http/query.js';
import { proposedColumns, proposedWidening } from './proposal-pages.js';
import { schemaPage, tablePage } from './schema-pages.js';

/** Larger tables are sampled, so that a user does not wait for a scan of all rows. */
const SAMPLE_ABOVE = 100_000;
const STATEMENT_TIMEOUT_MS = 30_000;

const SCANS = ['fields', 'rejects'] as const;

/** Entities and their live tables, and proposed migrations. */
export class SchemaController {
  constructor(
    @Inject(ConsoleResponder) private readonly responder: ConsoleResponder,
    @Inject(CONSOLE_CONTEXT) private readonly context: ConsoleContext,
  ) {}

  @Get('schema')
  async list(@Req() request: object, @Res() response: object): Promise<void> {
    await this.responder.answer(request, response, 1, async ({ root }) => {
      const { operations } = this.context;
      const pending = await operations.pendingMigrations();
      const differences = await operations.schemaDifferences();
      return { section: 'schema', title: 'Schema', content: schemaPage(root, pending, differences) };
    });
  }

  @Get('schema/:table')
  async show(@Req() request: object, @Res() response: object): Promise<void> {
    await this.responder.answer(request, response, 2, async (visit) => {
      const { operations, dataSource } = this.context;
      const name = visit.param('table');
      // The list has names without the schema of the connection.
      const metadata = dataSource.entityMetadatas.find((each) => [each.tablePath, pathOf(each)].includes(name));
      if (metadata === undefined) {
        throw new PageError(404, 'No entity of this application has a table of this name.');
      }
      const { tablePath, target } = metadata;
      const scan = choice('scan', readQuery(visit.query, ['scan']).scan, SCANS);
      const differences = await operations.schemaDifferences(target);
      return {
        section: 'schema',
        title: tablePath,
        content: tablePage({
          root: visit.root,
          name: tablePath,
          differences,
          captures: metadata.columns.some((column) => rolesOf(column).has('extra')),
          proposal: scan && (await this.scan(target, scan)),
        }),
      };
    });
  }

  private async scan(entity: EntityTarget<ObjectLiteral>, scan: (typeof SCANS)[number]): Promise<Html> {
    const { schema } = this.context;
    const statementTimeoutMs = STATEMENT_TIMEOUT_MS;
    return scan === 'fields'
      ? proposedColumns(await schema.propose(entity, { sampleAbove: SAMPLE_ABOVE, statementTimeoutMs }))
      : proposedWidening(await schema.proposeWidening(entity, { statementTimeoutMs }));
  }
}
