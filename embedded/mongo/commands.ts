import { Int32 } from 'bson';
import { COLLECTION_COMMANDS } from './collections.ts';
import { type Call, type Command, type Context, command, type Reply } from './command.ts';
import { CommandError } from './errors.ts';
import { type Fields, fieldsOf, type Spec } from './fields.ts';
import { pacer } from './pace.ts';
import { READ_COMMANDS } from './reads.ts';
import { type Doc, toNumber } from './values.ts';
import { type CursorBatch, MAX_DOCUMENT_BYTES, MAX_MESSAGE_BYTES } from './wire.ts';
import { WRITE_COMMANDS } from './writes.ts';

/** Fields that drivers add to every command. */
const GENERIC: Spec = {
  $db: 'string!',
  lsid: 'object',
  $readPreference: 'object',
  writeConcern: 'object',
  maxTimeMS: 'count',
};

/** Executes a command and returns its reply once its writes are on disk. @throws CommandError */
export const execute = async (context: Context, request: Doc): Promise<Reply> => {
  const [name = ''] = Object.keys(request);
  if (typeof request.$db !== 'string') throw new CommandError(40571, 'OP_MSG requests require a $db argument');
  const found = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (found === undefined) throw new CommandError(59, `no such command: '${name}'`);
  if ('txnNumber' in request)
    throw new CommandError(20, 'Transaction numbers are only allowed on a replica set member or mongos');
  const { [name]: argument, ...given } = request;
  const { spec } = found;
  const fields = spec ? fieldsOf(name, given, { ...GENERIC, ...spec }) : ({} as Fields<Spec>);
  refuseWriteConcern(fields.writeConcern as Doc | undefined);
  const maxTimeMS = (fields.maxTimeMS as number | undefined) ?? 0;
  const call: Call = { ...context, db: request.$db, argument, pace: pacer(maxTimeMS), maxTimeMS };
  const failures = context.storage.failures();
  const reply = await context.storage.atWorkOn(() => found.run(call, fields));
  await context.storage.settled(failures);
  return isCursor(reply) ? reply : { ...reply, ok: 1 };
};

export const isCursor = (reply: Reply): reply is { cursor: CursorBatch } =>
  'cursor' in reply && typeof reply.cursor === 'object' && reply.cursor !== null && 'part' in reply.cursor;

const refuseWriteConcern = (concern: Doc | undefined): void => {
  if ((toNumber(concern?.w) ?? 0) > 1) throw new CommandError(2, "cannot use 'w' > 1 when a host is not replicated");
};

const hello = (flags: Doc): Command => ({
  spec: undefined,
  run: () => ({
    ...flags,
    maxBsonObjectSize: new Int32(MAX_DOCUMENT_BYTES),
    maxMessageSizeBytes: new Int32(MAX_MESSAGE_BYTES),
    maxWriteBatchSize: new Int32(100_000),
    localTime: new Date(),
    logicalSessionTimeoutMinutes: new Int32(30),
    minWireVersion: new Int32(0),
    maxWireVersion: new Int32(21),
    readOnly: false,
  }),
});

const COMMANDS: Record<string, Command> = {
  hello: hello({ isWritablePrimary: true }),
  ismaster: hello({ ismaster: true, helloOk: true }),
  isMaster: hello({ ismaster: true, helloOk: true }),
  ping: command({}, () => ({})),
  endSessions: command({}, () => ({})),
  ...READ_COMMANDS,
  ...WRITE_COMMANDS,
  ...COLLECTION_COMMANDS,
};
