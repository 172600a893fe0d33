import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';

import type { Environment } from './config.js';

/** Lets the operator in, by HTTP basic authentication. Use it behind TLS, or put the login of your company here. */
@Injectable()
export class OperatorGuard implements CanActivate {
  private readonly expected: Buffer;

  constructor(config: ConfigService<Environment, true>) {
    const name = config.get('OPERATOR_NAME', { infer: true });
    const password = config.get('OPERATOR_PASSWORD', { infer: true });
    this.expected = digest(`Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`);
  }

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const { authorization = '' } = http.getRequest<IncomingMessage>().headers;
    // Digests are of one length, and their comparison takes the same time whatever they are.
    if (timingSafeEqual(digest(authorization), this.expected)) {
      return true;
    }
    http.getResponse<ServerResponse>().setHeader('WWW-Authenticate', 'Basic realm="operator", charset="UTF-8"');
    throw new UnauthorizedException();
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
