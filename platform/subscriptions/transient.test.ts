import * as mongodb from 'mongodb';
import { describe, expect, test } from 'vitest';
import { StoreUnavailableError } from '../event-store/types.ts';
import { LeaseLostError, LeaseUncertainError, WriteConflictError } from './consumer.ts';
import { isTransient } from './transient.ts';

type ErrorClass = typeof mongodb.MongoError;

/** The driver's classes of errors that say that the server cannot be reached, or has lost what it knew of a client. */
const AWAY = [
  'MongoClientClosedError',
  'MongoExpiredSessionError',
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoNotConnectedError',
  'MongoOperationTimeoutError',
  'MongoServerClosedError',
  'MongoServerSelectionError',
  'MongoStalePrimaryError',
  'MongoTopologyClosedError',
  'MongoUnexpectedServerResponseError',
];

/** Those that the driver does not export; operations fail with them all the same. */
const AWAY_UNEXPORTED = [
  'MongoPoolClearedError',
  'MongoPoolClosedError',
  'MongoPoolClearedOnNetworkError',
  'MongoWaitQueueTimeoutError',
];

const classes = Object.entries(mongodb)
  .filter(([, value]) => typeof value === 'function' && value.prototype instanceof Error)
  .map(([name, value]) => [name, value as unknown as ErrorClass] as const);

/** Its constructors differ; nothing of them counts but the labels. */
const instanceOf = (made: ErrorClass): Error =>
  Object.assign(Object.create(made.prototype), { errorLabelSet: new Set() });

describe("an error of MongoDB's driver", () => {
  test.each(classes.filter(([name]) => AWAY.includes(name)))('%s: a retry may help', (_, made) => {
    expect(isTransient(instanceOf(made))).toBe(true);
  });

  test.each(classes.filter(([name]) => !AWAY.includes(name)))('%s: a retry does not help', (_, made) => {
    expect(isTransient(instanceOf(made))).toBe(false);
  });

  test.each(AWAY_UNEXPORTED)('%s: a retry may help', (name) => {
    const error = new mongodb.MongoError('…');
    Object.defineProperty(error, 'name', { value: name });
    expect(isTransient(error)).toBe(true);
  });

  test('is known, each of those that mean an unreachable server', () => {
    expect(classes.map(([name]) => name)).toEqual(expect.arrayContaining(AWAY));
  });

  test.each([
    ['HostUnreachable', 6, true],
    ['HostNotFound', 7, true],
    ['CursorNotFound: the server has restarted', 43, true],
    ['NetworkTimeout', 89, true],
    ['ShutdownInProgress', 91, true],
    ['FailedToSatisfyReadPreference', 133, true],
    ['QueryPlanKilled: the view was switched', 175, true],
    ['PrimarySteppedDown', 189, true],
    ['NetworkInterfaceExceededTimeLimit', 202, true],
    ['CursorKilled', 237, true],
    ['ExceededTimeLimit', 262, true],
    ['NotWritablePrimary', 10_107, true],
    ['InterruptedAtShutdown', 11_600, true],
    ['NotPrimaryOrSecondary', 13_436, true],
    ['OutOfDiskSpace', 14_031, true],
    ['BadValue', 2, false],
    ['Unauthorized', 13, false],
    ['DuplicateKey', 11_000, false],
    ['DocumentValidationFailure', 121, false],
  ])('MongoServerError %s (%d)', (_, code, isAway) => {
    expect(isTransient(new mongodb.MongoServerError({ message: '…', code }))).toBe(isAway);
  });

  test.each(['RetryableWriteError', 'TransientTransactionError', 'ResetPool', 'SystemOverloadedError'])(
    'with the label %s: a retry may help',
    (label) => {
      const error = new mongodb.MongoServerError({ message: '…', code: 2, errorLabels: [label] });
      expect(isTransient(error)).toBe(true);
    },
  );
});

describe('an error of a socket, which the driver passes on as it is', () => {
  test.each([
    'ECONNABORTED',
    'ECONNREFUSED',
    'ECONNRESET',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EPIPE',
    'ETIMEDOUT',
    'ERR_SOCKET_CLOSED',
    'ERR_STREAM_DESTROYED',
    'ERR_STREAM_PREMATURE_CLOSE',
    'ERR_STREAM_WRITE_AFTER_END',
  ])('%s: a retry may help', (code) => {
    expect(isTransient(Object.assign(new Error('…'), { code }))).toBe(true);
  });

  test.each(['ENOENT', 'EACCES', 'ERR_INVALID_ARG_TYPE'])('%s: a retry does not help', (code) => {
    expect(isTransient(Object.assign(new Error('…'), { code }))).toBe(false);
  });
});

test.each([
  ['an event store that does not answer', new StoreUnavailableError('…'), true],
  ['a lease that may be lost', new LeaseUncertainError('…'), true],
  ['a lost race', new WriteConflictError('…'), true],
  ['a lost lease', new LeaseLostError('…'), false],
  ['a defect', new TypeError('…'), false],
  ['no error', undefined, false],
])('%s', (_, error, isAway) => {
  expect(isTransient(error)).toBe(isAway);
});
