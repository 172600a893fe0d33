import { errorCode, errorText } from '../../errors/error-text.js';
import { StorageError } from '../../errors/index.js';
import { PostgresError } from '../../postgres/faults/database-fault.js';

/** Causes can form a loop. */
const MOST_CAUSES = 10;

/**
 * Shows where an error and its causes come from: name, code and stack frames. It shows only our own messages. Any other
 * message may hold row values, a connection url or a password, and the first lines of a stack repeat the message.
 */
export function traceOf(error: unknown): string {
  const lines: string[] = [];
  let current: unknown = error;
  for (let depth = 0; typeof current === 'object' && current !== null && depth < MOST_CAUSES; depth += 1) {
    const code = errorCode(current);
    const ours = current instanceof StorageError || current instanceof PostgresError ? `: ${current.message}` : '';
    lines.push(
      `${depth === 0 ? '' : 'caused by '}${nameOf(current)}${code === undefined ? '' : ` [${code}]`}` + ours,
      ...framesOf(current),
    );
    current = Reflect.get(current, 'cause');
  }
  return lines.join('\n');
}

/** The name of its class: the property `name` may hold any text. */
function nameOf(error: object): string {
  return (error.constructor as { readonly name: string } | undefined)?.name ?? 'Object';
}

/** The lines after the message. If the message was changed later, the frames cannot be told from its lines: no frames. */
function framesOf(error: object): string[] {
  const [stack, message] = [errorText(error, 'stack') ?? '', errorText(error, 'message') ?? ''];
  const start = stack.indexOf(message);
  const frames = start === -1 ? '' : stack.slice(start + message.length);
  return frames.split('\n').filter((line) => /^ {4}at /.test(line));
}
