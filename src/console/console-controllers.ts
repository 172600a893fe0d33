import { Controller, type Type, UseFilters, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';

import { AssetsController } from './assets/assets.controller.js';
import { type ConsoleGuards, DEFAULT_PATH, type StorageConsoleMount } from './console-options.js';
import { EmptyBodyFilter } from './http/empty-body.filter.js';
import { RequestGuard } from './http/request-guard.js';
import { LoadsController } from './loads/loads.controller.js';
import { OverviewController } from './overview/overview.controller.js';
import { RejectActionsController } from './rejects/reject-actions.controller.js';
import { RejectsController } from './rejects/rejects.controller.js';
import { SchemaController } from './schema/schema.controller.js';

/** Their methods name routes below the path of a console. */
const PAGES: readonly Type<object>[] = [
  AssetsController,
  OverviewController,
  LoadsController,
  // Its routes come before `rejects/:id`.
  RejectActionsController,
  RejectsController,
  SchemaController,
];

/** The controllers of one console: a class of its own for each, because path and guards differ between consoles. */
export function consoleControllers({ path, guards }: StorageConsoleMount): Type<object>[] {
  return PAGES.map((page) => {
    const controller = { [page.name]: class extends page {} }[page.name] as Type<object>;
    // Invalid options end the start of the application before a request comes.
    Controller({ path: typeof path === 'string' ? path : DEFAULT_PATH, version: VERSION_NEUTRAL })(controller);
    UseGuards(...listOf(guards), RequestGuard)(controller);
    UseFilters(EmptyBodyFilter)(controller);
    return controller;
  });
}

function listOf(guards: ConsoleGuards): Exclude<ConsoleGuards, 'none'> {
  return Array.isArray(guards) ? guards : [];
}
