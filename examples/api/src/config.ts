import 'reflect-metadata';

import { plainToInstance } from 'class-transformer';
import { IsIn, IsInt, IsString, IsUrl, Max, Min, MinLength, validateSync } from 'class-validator';

/** The environment variables of the service. */
export class Environment {
  @IsIn(['development', 'test', 'production'])
  NODE_ENV: string = 'production';

  @IsUrl({ protocols: ['postgres', 'postgresql'], require_protocol: true, require_tld: false })
  DATABASE_URL!: string;

  /** `run` applies pending migrations at start; `check` does not start while one is pending. */
  @IsIn(['run', 'check'])
  MIGRATIONS: 'run' | 'check' = 'check';

  @IsString()
  HOST: string = '127.0.0.1';

  /** 0 takes a free one. */
  @IsInt()
  @Min(0)
  @Max(65_535)
  PORT: number = 3000;

  @IsIn(['debug', 'info', 'warn', 'error', 'fatal'])
  LOG_LEVEL: string = 'info';

  /** The operator may open the console and the metrics. */
  @IsString()
  @MinLength(1)
  OPERATOR_NAME: string = 'operator';

  @IsString()
  @MinLength(8)
  OPERATOR_PASSWORD!: string;

  /** Posted records that may wait for the database at the same time; further ones are answered by 503. */
  @IsInt()
  @Min(1)
  MAX_PENDING: number = 1000;
}

/** Stops the start with all mistakes at once. Messages name variables, never their values. */
export function validateEnvironment(variables: Record<string, unknown>): Environment {
  const environment = plainToInstance(Environment, variables, { enableImplicitConversion: true });
  const mistakes = validateSync(environment).flatMap(({ constraints }) => Object.values(constraints ?? {}));
  if (mistakes.length > 0) {
    throw new Error(`Invalid environment: ${mistakes.join('; ')}`);
  }
  return environment;
}
