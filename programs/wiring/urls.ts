import { MongoClient } from 'mongodb';
import { clientOf } from '../../platform/event-store/connection-string.ts';
import { withoutPassword } from './reachable.ts';

const beginsWith = (text: string, protocols: readonly string[]): void => {
  if (!protocols.some((protocol) => text.startsWith(`${protocol}://`)))
    throw new Error(`must begin with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`);
};

/** @throws Error with the first line of another one, without a password */
const refuse = (error: unknown): never => {
  throw new Error(`cannot be used: ${withoutPassword((error as Error).message).split('\n')[0]}`);
};

const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])$/i;

/** Reads a URL with a host, or nothing. @throws Error that says what it must be */
export const url =
  (...protocols: string[]) =>
  (text: string): string => {
    if (text === '') return text;
    beginsWith(text, protocols);
    if (!HOST.test(URL.parse(text)?.hostname ?? '')) throw new Error('must be one URL, with a host and a valid port');
    return text;
  };

/** Reads URLs, separated by commas. @throws Error that says what they must be */
export const urls =
  (...protocols: string[]) =>
  (text: string): readonly string[] => {
    const list = text.split(',').map((one) => url(...protocols)(one.trim()));
    if (list.includes('')) throw new Error('must be URLs, separated by commas');
    return list;
  };

/** Reads a connection string of EventStoreDB or KurrentDB as the client does, or nothing. @throws Error */
export const eventStoreUrl = (text: string): string => {
  if (text === '') return text;
  beginsWith(text, ['esdb', 'esdb+discover', 'kurrentdb', 'kurrentdb+discover']);
  // The client takes any text for a host, and any number for a port.
  const [, hosts = ''] = /^[^:]+:\/\/(?:[^/?]*@)?([^/?]*)/.exec(text) ?? [];
  if (!hosts.split(',').every((host) => HOST.test(URL.parse(`http://${host}`)?.hostname ?? '')))
    throw new Error('must name hosts, with valid ports, separated by commas');
  try {
    clientOf(text);
  } catch (error) {
    const { expected } = error as { expected?: string };
    if (expected !== undefined) throw new Error(`is no connection string: it has something else than ${expected}`);
    refuse(error);
  }
  return text;
};

/** Reads a connection string of MongoDB as the driver does, or nothing. @throws Error */
export const mongoUrl = (text: string): string => {
  if (text === '') return text;
  beginsWith(text, ['mongodb', 'mongodb+srv']);
  try {
    new MongoClient(text);
  } catch (error) {
    refuse(error);
  }
  return text;
};
