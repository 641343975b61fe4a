import { readFileSync } from 'node:fs';
import { parseMasterKeys } from '../../platform/personal-data/master-key.ts';
import { isTimeZone } from '../../schemas/kernel/calendar.ts';
import { contextSchemas } from '../contexts.ts';
import { isLoopback } from './loopback.ts';
import { misspelt } from './misspelt.ts';
import { eventStoreUrl, mongoUrl, url, urls } from './urls.ts';

type Setting<Value> = {
  /** The text for a variable that is not set. */
  default: string;
  about: string;
  /** @throws Error that says what the value must be */
  parse(text: string): Value;
};

const asItIs = (text: string): string => text;

/** @param otherwise the text for a variable that is not set */
const setting = <Value = string>(
  about: string,
  otherwise: string,
  parse: (text: string) => Value = asItIs as never,
): Setting<Value> => ({ about, default: otherwise, parse });

const whole = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new Error(`must be a whole number from ${least} to ${most}`);
  return value;
};

const port = whole(0, 65_535);

const webUrl = url('http', 'https');

/** The gateway speaks to the sides without TLS. */
const targets = urls('http');

/** @param what the value must be */
const matching = (pattern: RegExp, what: string) => (text: string) => {
  if (!pattern.test(text)) throw new Error(`must be ${what}`);
  return text;
};

const notEmpty = (what: string) => matching(/\S/, what);

/** The longest name of a database is 63 bytes, and that of the keys has five more. */
const database = matching(
  /^[^/\\. "$*<>:|?\0]{1,58}$/,
  'a name of a database, without / \\ . " $ * < > : | ? and spaces',
);

/** One address, with or without a name. */
const ADDRESS = /^(?:[^<>\r\n]+ <[^\s@,<>]+@[^\s@,<>]+>|[^\s@,<>]+@[^\s@,<>]+)$/;

const keySet = (text: string) => {
  if (text === '') return text;
  if (/^https?:/.test(text)) return webUrl(text);
  const keys = () => {
    try {
      return (JSON.parse(readFileSync(text, 'utf8')) as { keys?: unknown } | null)?.keys;
    } catch {
      return undefined;
    }
  };
  if (!Array.isArray(keys())) throw new Error('must be a URL, or a file that holds a JWK Set');
  return text;
};

const contexts = (text: string) => {
  const known = contextSchemas.map(({ name }) => name);
  const names = text === '' ? known : text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`names ${unknown.join(', ')}, but there are only ${known.join(', ')}`);
  return known.filter((name) => names.includes(name));
};

const targetsByContext = (text: string): Readonly<Record<string, readonly string[]>> => {
  const entries = text === '' ? [] : text.split(',').map((entry) => entry.trim().split(/=(.*)/s).slice(0, 2));
  const found: Record<string, string[]> = {};
  for (const [name = '', target = ''] of entries) {
    if (name === '' || target === '') throw new Error('must be CONTEXT=URL, separated by commas');
    contexts(name);
    found[name] = [...(found[name] ?? []), ...targets(target)];
  }
  return found;
};

const timeZone = (text: string) => {
  if (!isTimeZone(text)) throw new Error('must be an IANA time zone, such as Asia/Seoul or UTC');
  return text;
};

const ASYMMETRIC = /^((ES|PS|RS)(256|384|512)|EdDSA)$/;

const algorithms = (text: string) => {
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.filter((name) => !ASYMMETRIC.test(name));
  if (wrong.length > 0) throw new Error('must be from ES, PS and RS with 256, 384 or 512, and EdDSA');
  return names;
};

const language = (text: string): 'ko' | 'en' => {
  if (text !== 'ko' && text !== 'en') throw new Error('must be ko or en');
  return text;
};

const webhookUrl = (text: string): string => {
  if (text === '') return text;
  const parsed = URL.parse(text);
  const isSafe = parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && isLoopback(parsed.hostname));
  if (!isSafe) throw new Error('must begin with https://; http:// only to this machine');
  return text;
};

const webhookSecret = (text: string): string => {
  const bytes = Buffer.from(text.slice('whsec_'.length), 'base64').length;
  if (text !== '' && (!/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text) || bytes < 24 || bytes > 64))
    throw new Error('must be whsec_ and 24 to 64 bytes in base64');
  return text;
};

const onOff = (text: string): 'on' | 'off' => {
  if (text !== 'on' && text !== 'off') throw new Error('must be on or off');
  return text;
};

/** Every setting: an environment variable, its default and its meaning. */
export const settingsTable = {
  PORT: setting('Port of the single entry', '8088', port),
  HOST: setting(
    'Address that the servers listen on; any but 127.0.0.1, ::1 and localhost needs AUTH=on or AUTH=off',
    '127.0.0.1',
  ),
  PLAZA_DATA: setting("Folder of the embedded stores' files", './data', notEmpty('a folder')),
  PLAZA_CONTEXTS: setting('Enabled contexts, separated by commas; all when empty', '', contexts),
  TIME_ZONE: setting('Time zone of calendar days (IANA name)', 'Asia/Seoul', timeZone),
  AUTH: setting(
    'on: every request needs an access token, except where anyone has access; off: no sign-in',
    'off',
    onOff,
  ),
  AUTH_ISSUER: setting(
    'Identity provider, as `iss` in its tokens; empty for the local key of `npm run token`',
    '',
    webUrl,
  ),
  AUTH_JWKS: setting(
    "URL or file of the issuer's keys (JWK Set); empty: found by the issuer's discovery document",
    '',
    keySet,
  ),
  AUTH_AUDIENCE: setting('Audience that `aud` of a token must contain', 'plaza', notEmpty('an audience')),
  AUTH_ALGORITHMS: setting(
    'Accepted signature algorithms, separated by commas',
    'ES256,ES384,ES512,EdDSA,PS256,PS384,PS512,RS256,RS384,RS512',
    algorithms,
  ),
  AUTH_CLOCK_SKEW_SECONDS: setting("Tolerated difference to the issuer's clock, in seconds", '30', whole(0, 600)),
  AUTH_ROLES_CLAIM: setting(
    'Claim with the roles; dots separate nested names: realm_access.roles',
    'roles',
    notEmpty('a claim'),
  ),
  AUTH_SCOPE_CLAIM: setting(
    'Claim that limits the roles to contexts and parts of them, such as `parking` or `food-court:shop:1`',
    'plaza_scope',
    notEmpty('a claim'),
  ),
  PUBLIC_BOARD: setting(
    "on: anyone sees the food court's notification board, without customers, also with AUTH=on",
    'off',
    onOff,
  ),
  AUTH_CLIENT_ID: setting(
    "Client id of the control centre's page at the identity provider",
    'plaza-control-center',
    notEmpty('a client id'),
  ),
  EVENTSTORE_URL: setting(
    'EventStoreDB or KurrentDB to use, esdb://… or kurrentdb://…; empty for the embedded one',
    '',
    eventStoreUrl,
  ),
  EVENTSTORE_FAST: setting(
    'off: appends and subscriptions use the EventStoreDB client alone (platform/event-store/fast/README.md)',
    'on',
    onOff,
  ),
  MONGODB_URL: setting('MongoDB to use, mongodb://…; empty for the embedded one', '', mongoUrl),
  PERSONAL_KEY: setting(
    'Master key of personal data, 32 bytes in base64; empty: personal data is not encrypted. After a rotation: the new key, a comma and the old one',
    '',
    parseMasterKeys,
  ),
  KEYS_MONGODB_URL: setting(
    'MongoDB of the keys of personal data, mongodb://…; empty: that of the read models',
    '',
    mongoUrl,
  ),
  MONGODB_DATABASE: setting('Database of the read models', 'plaza', database),
  PLAZA_EVENTSTORE_PORT: setting('Port of the embedded event store, for `npm run stores`', '2113', port),
  PLAZA_MONGODB_PORT: setting('Port of the embedded MongoDB, for `npm run stores`', '27017', port),
  WRITE_SIDE_PORT: setting('Port of a separate write side', '8081', port),
  POLICIES_PORT: setting('Port of a policies process, for health and metrics', '8084', port),
  READ_API_PORT: setting('Port of a separate read API', '8082', port),
  PROJECTIONS_PORT: setting('Port of a projections process, for operations, health and metrics', '8083', port),
  WRITE_SIDE_URL: setting(
    'URLs to which the gateway sends commands, separated by commas',
    'http://127.0.0.1:8081',
    targets,
  ),
  WRITE_SIDE_URLS: setting(
    'URLs to which the gateway sends the commands of some contexts instead: food-court=http://…,cinema=http://…; a context may have several',
    '',
    targetsByContext,
  ),
  READ_API_URL: setting(
    'URLs to which the gateway sends queries, separated by commas',
    'http://127.0.0.1:8082',
    targets,
  ),
  PROJECTIONS_URL: setting(
    'URLs to which the gateway sends /operations/, separated by commas',
    'http://127.0.0.1:8083',
    targets,
  ),
  DRAIN_SECONDS: setting(
    'Seconds for which a write side or read API still answers after SIGTERM, so that gateways choose another one',
    '0',
    whole(0, 300),
  ),
  RATE_LIMIT_PER_MINUTE: setting(
    'Requests per minute of one client; 0: no limit; auto: 6000 at an entry that other machines can reach',
    'auto',
    (text) => (text === 'auto' ? undefined : whole(0, 100_000_000)(text)),
  ),
  TRUSTED_PROXIES: setting('Number of proxies in front of Plaza whose X-Forwarded-For is trusted', '0', whole(0, 10)),
  COMMAND_TIMEOUT_MS: setting(
    'Milliseconds after which a command gets 503 when the event store does not answer',
    '900',
    whole(50, 60_000),
  ),
  QUERY_TIMEOUT_MS: setting(
    'Milliseconds after which a query gets 503 when MongoDB does not answer',
    '900',
    whole(200, 60_000),
  ),
  MAX_LAG_SECONDS: setting(
    'Lag of a projection or policy, in seconds, above which `/readyz?verbose` reports it; readiness does not depend on it',
    '30',
    whole(1, 86_400),
  ),
  MAX_WAITING_COMMANDS: setting(
    'Commands that may wait or be in flight in one write side; further ones get 503',
    '5000',
    whole(1, 1_000_000),
  ),
  PAYMENT_URL: setting(
    'Payment provider, http://… (see docs/process-managers.md), or `sandbox`, which takes no money; empty: the sandbox, only with AUTH=off',
    '',
    (text) => (text === 'sandbox' ? text : webUrl(text)),
  ),
  PAYMENT_SANDBOX_URL: setting(
    'Sandbox for separate processes, http://…; empty: this machine and PAYMENT_SANDBOX_PORT',
    '',
    webUrl,
  ),
  PAYMENT_SANDBOX_PORT: setting('Port of the sandbox payment provider, for `npm run payment-sandbox`', '8089', port),
  PAYMENT_TIMEOUT_MS: setting(
    'Time limit of one call to the payment provider, in milliseconds',
    '2000',
    whole(10, 60_000),
  ),
  PAYMENT_ANSWER_MS: setting(
    'Milliseconds after which a reservation or a charge gets 202 while its payment is pending',
    '5000',
    whole(10, 60_000),
  ),
  MAX_PAYMENTS: setting(
    'Concurrent payments of one context in one write side; further reservations or charges get 503',
    '200',
    whole(1, 100_000),
  ),
  HOLD_SECONDS: setting(
    'Seconds after which a held seat or a charge without a payment outcome is settled',
    '30',
    whole(1, 86_400),
  ),
  MESSAGE_SMTP_URL: setting(
    "Mail server for messages to customers, smtp://…; empty: messages are only in the customers' view",
    '',
    url('smtp', 'smtps'),
  ),
  MESSAGE_FROM: setting('Sender of the messages', 'plaza@localhost', matching(ADDRESS, 'one mail address')),
  MESSAGE_TO: setting(
    'Mail address of customers who stored none; {customerId} stands for the id; empty: no mail to them',
    '',
    (text) => (text === '' ? text : matching(ADDRESS, 'one mail address')(text)),
  ),
  MESSAGE_WEBHOOK_URL: setting(
    'Gateway for SMS or KakaoTalk to which messages are posted, https://… (see docs/messages.md); empty: none',
    '',
    webhookUrl,
  ),
  MESSAGE_WEBHOOK_SECRET: setting(
    'Key of the signatures of these calls: whsec_ and 24 to 64 bytes in base64',
    '',
    webhookSecret,
  ),
  MESSAGE_LANGUAGE: setting('Language of messages to customers who chose none: ko or en', 'en', language),
  MESSAGE_MAX_AGE_HOURS: setting(
    'Hours after its event until which a message is sent; an older one stays in the view',
    '24',
    whole(1, 8_760),
  ),
  MESSAGE_TIMEOUT_MS: setting(
    'Time limit of a call to the gateway, and of each step of a mail, in milliseconds',
    '5000',
    whole(10, 20_000),
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: setting(
    "URL to which traces are exported (OTLP over HTTP), http://…:4318; empty: none. If set, OpenTelemetry's other variables apply too",
    '',
    webUrl,
  ),
  OTEL_TRACES_SAMPLER_ARG: setting('Share of the traces that are recorded, from 0 to 1', '1', (text) => {
    const share = Number(text);
    if (text.trim() === '' || !(share >= 0 && share <= 1)) throw new Error('must be a number from 0 to 1');
    return share;
  }),
  LOG_LEVEL: setting(
    'fatal, error, warn, info, debug, trace or silent; when not set, warn for `npm start` and in a terminal, else info',
    process.stderr.isTTY ? 'warn' : 'info',
    (text) => {
      if (!/^(fatal|error|warn|info|debug|trace|silent)$/.test(text)) throw new Error('is not a log level');
      return text;
    },
  ),
};

export type Settings = { [Name in keyof typeof settingsTable]: ReturnType<(typeof settingsTable)[Name]['parse']> };

/** Settings that no message shows. */
const SECRET: ReadonlySet<string> = new Set(['PERSONAL_KEY', 'MESSAGE_WEBHOOK_SECRET']);

/** Invalid settings; the message has a line for each. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** The database that a MongoDB URL names. `admin` says only where its user is defined. */
const databaseIn = (url: string): string | undefined => {
  const name = /^mongodb(?:\+srv)?:\/\/[^/?]*\/([^?]+)/.exec(url)?.[1];
  return name === 'admin' ? undefined : name;
};

/**
 * Reads every setting from the environment.
 * @throws SettingsError with a line for each variable that is invalid or looks misspelt, and for a HOST that other
 *   machines can reach while AUTH is not set, for a webhook without a secret, and for a MongoDB URL with another
 *   database
 */
export const readSettings = (env: Readonly<Record<string, string | undefined>> = process.env): Settings => {
  const wrong = misspelt(env, Object.keys(settingsTable));
  const entries = Object.entries(settingsTable).map(([name, { parse, default: otherwise }]) => {
    const text = env[name] ?? otherwise;
    try {
      return [name, parse(text)];
    } catch (error) {
      wrong.push(`${name}=${SECRET.has(name) ? '…' : text.replace(/\/\/.*@/s, '//')} ${(error as Error).message}`);
      return [name, undefined];
    }
  });
  const settings = Object.fromEntries(entries) as Settings;
  if (env.AUTH === undefined && !isLoopback(settings.HOST))
    wrong.push(
      `HOST=${settings.HOST} can be reached by others: set AUTH=on, or AUTH=off if everybody may read and change everything`,
    );
  if (settings.MESSAGE_WEBHOOK_URL && settings.MESSAGE_WEBHOOK_SECRET === '')
    wrong.push('MESSAGE_WEBHOOK_SECRET must be set with MESSAGE_WEBHOOK_URL');
  const { MONGODB_URL = '', MONGODB_DATABASE } = settings;
  const named = databaseIn(MONGODB_URL) ?? MONGODB_DATABASE;
  if (named !== MONGODB_DATABASE)
    wrong.push(
      `MONGODB_URL names the database ${named}, but the read models are in MONGODB_DATABASE=${MONGODB_DATABASE}: set ` +
        `MONGODB_DATABASE=${named}, or leave it out of the URL (authSource=… says where the user is defined)`,
    );
  if (wrong.length > 0) throw new SettingsError(wrong.join('\n'));
  return settings;
};

/** @throws SettingsError with a line for each setting that is empty */
export const requireSettings = (settings: Settings, names: readonly (keyof Settings)[]): void => {
  const missing = names.filter((name) => settings[name] === '');
  if (missing.length > 0) throw new SettingsError(missing.map((name) => `${name} must be set`).join('\n'));
};
