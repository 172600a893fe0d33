/** Replaces the names of API options in a message by the flags of the command line. */
export function nameFlags(message: string): string {
  return message.replaceAll(
    /\b(allowEmpty|batchSize|deleteWhen|keepColumns|loadKey|maxRejects|syncSequences|updateColumns)\b(?:: true)?/g,
    (_, option: string) => `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  );
}
