import 'reflect-metadata';

import { NestFactory } from '@nestjs/core';

import { AppModule } from './app.module.js';
import { PriceImport } from './price-import.js';

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
  try {
    console.log(await app.get(PriceImport).run());
  } finally {
    await app.close();
  }
}

void main();
