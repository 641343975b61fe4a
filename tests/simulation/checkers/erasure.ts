import type { Binary } from 'mongodb';
import type { Doc } from '../../../embedded/mongo/values.ts';
import type { StoredEvent } from '../../../platform/event-store/types.ts';
import { decrypt } from '../../../platform/machine/encryption.ts';
import { CUSTOMER_ERASED, type CustomerErased } from '../../../schemas/kernel/personal.ts';
import type { SentRequest } from '../http.ts';
import { MASTER_KEY, personal } from '../plaza.ts';
import type { SimulatedDocuments } from '../stores/documents.ts';
import type { Command } from '../workload/clients.ts';

/** Returns the stored keys by their names. */
const keysIn = ({ read }: Pick<SimulatedDocuments, 'read'>): Map<string, Doc> =>
  new Map(read('personal_keys').map((key) => [`${key._id}:${key.name}`, key]));

/** Decrypts events with the stored keys. Where a key is erased, the fields have their placeholders. */
export const readable = (
  events: readonly StoredEvent[],
  documents: Pick<SimulatedDocuments, 'read'>,
): StoredEvent[] => {
  const keys = keysIn(documents);
  const fieldsOf = ({ type, data, metadata }: StoredEvent): object => {
    const { key, box } = metadata.personal!;
    const { _id, wrapped } = keys.get(key)!;
    if (wrapped) {
      const bytes = decrypt(MASTER_KEY.bytes, Buffer.from((wrapped as Binary).buffer), _id as string);
      return JSON.parse(decrypt(bytes, Buffer.from(box, 'base64'), `${key} ${type}`).toString());
    }
    const erased = personal.get(type)!.fields.filter(({ name, optional }) => !optional && !(name in (data as object)));
    return Object.fromEntries(erased.map((field) => [field.name, field.erased]));
  };
  return events.map((event) => {
    if (!event.metadata.personal) return event;
    const { personal: _sealed, ...metadata } = event.metadata;
    return { ...event, metadata, data: { ...(event.data as object), ...fieldsOf(event) } };
  });
};

const nameIn = ({ body }: SentRequest): string | undefined => (body as { name?: string } | undefined)?.name;

/** Checks that the keys of erased customers are gone, that names are encrypted, and that no document has an erased one. */
export const checkErasures = (
  events: readonly StoredEvent[],
  documents: Pick<SimulatedDocuments, 'read' | 'readAll'>,
  commands: readonly Command[],
): string[] => {
  const found: string[] = [];
  const keys = keysIn(documents);
  if (keys.size === 0) return found;
  for (const { type, data } of events) {
    if (type !== CUSTOMER_ERASED) continue;
    const { key } = data as CustomerErased;
    if (keys.get(key)?.wrapped !== undefined) found.push(`the key ${key} is not erased`);
  }
  const stored = JSON.stringify(documents.readAll());
  const names = new Map(commands.map(({ key, request }) => [`key:${key}`, nameIn(request)]));
  for (const { type, data, metadata } of events) {
    const name = names.get(metadata.commandId);
    if (type !== 'ContactChanged' || name === undefined) continue;
    if (JSON.stringify(data).includes(name)) found.push(`the log has the name ${name}`);
    const isErased = keys.get(metadata.personal!.key)?.wrapped === undefined;
    if (isErased && stored.includes(`"${name}"`)) found.push(`a document has the name ${name} of an erased customer`);
  }
  return found;
};
