/** Code names as MongoDB's `error_codes.yml` spells them, for the codes that this server answers. */
const CODE_NAMES: Record<number, string> = {
  1: 'InternalError',
  2: 'BadValue',
  9: 'FailedToParse',
  13: 'Unauthorized',
  14: 'TypeMismatch',
  15: 'Overflow',
  16: 'InvalidLength',
  20: 'IllegalOperation',
  26: 'NamespaceNotFound',
  40: 'ConflictingUpdateOperators',
  43: 'CursorNotFound',
  48: 'NamespaceExists',
  50: 'MaxTimeMSExpired',
  52: 'DollarPrefixedFieldName',
  53: 'InvalidIdField',
  54: 'NotSingleValueField',
  56: 'EmptyFieldName',
  59: 'CommandNotFound',
  66: 'ImmutableField',
  67: 'CannotCreateIndex',
  73: 'InvalidNamespace',
  85: 'IndexOptionsConflict',
  86: 'IndexKeySpecsConflict',
  168: 'InvalidPipelineOperator',
  171: 'CannotIndexParallelArrays',
  175: 'QueryPlanKilled',
  197: 'InvalidIndexSpecificationOption',
  238: 'NotImplemented',
  276: 'IndexBuildAborted',
  292: 'QueryExceededMemoryLimitNoDiskUseAllowed',
  10334: 'BSONObjectTooLarge',
  11000: 'DuplicateKey',
  14031: 'OutOfDiskSpace',
  40414: 'IDLFailedToParse',
  40415: 'IDLUnknownField',
};

/**
 * A refusal in the shape of the protocol. `code` is the real server's; `extra` goes beside it (keyPattern, keyValue).
 */
export class CommandError extends Error {
  readonly code: number;
  readonly extra: Record<string, unknown>;

  constructor(code: number, message: string, extra: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.extra = extra;
  }
}

/** A failure of the store itself: every write that was not yet on disk is lost. */
export class StorageError extends CommandError {}

/**
 * Returns `{ ok: 0, errmsg, code, codeName, … }` for any thrown value; an error that is not a {@link CommandError}
 * becomes InternalError.
 */
export const errorReply = (error: unknown): Record<string, unknown> => {
  const { code, message, extra } =
    error instanceof CommandError
      ? error
      : { code: 1, message: error instanceof Error ? error.message : String(error), extra: {} };
  return { ok: 0, errmsg: message, code, codeName: CODE_NAMES[code] ?? `Location${code}`, ...extra };
};

/** Refuses a feature that the real server accepts, so that it has no error of its own. */
export const notImplemented = (what: string): CommandError =>
  new CommandError(238, `the embedded store does not support ${what}`);
