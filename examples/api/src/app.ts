import { type INestApplication, ValidationPipe } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import helmet from 'helmet';

import { AppModule } from './app.module.js';
import type { Environment } from './config.js';
import { FeedbackModule } from './feedback/feedback.module.js';
import { LoadsModule } from './loads/loads.module.js';
import { PinoLogger } from './logging/pino-logger.js';

const UPLOAD_MS = 30 * 60 * 1000; // Node ends a request that takes longer; its default is 5 minutes

/** The service, ready to listen: what runs in production is what is tested. */
export async function createApp(): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule, { bufferLogs: true, abortOnError: false });
  const config = app.get<ConfigService<Environment, true>>(ConfigService);
  app.useLogger(new PinoLogger(config.get('LOG_LEVEL', { infer: true })));
  app.use(helmet());
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
  app.enableShutdownHooks([], { useProcessExit: true });
  app.getHttpServer().requestTimeout = UPLOAD_MS;

  const document = new DocumentBuilder().setTitle('Feedback API').build();
  SwaggerModule.setup('docs', app, () =>
    SwaggerModule.createDocument(app, document, { include: [FeedbackModule, LoadsModule] }),
  );
  return app;
}
